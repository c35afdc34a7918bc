import { describe, expect, it } from 'vitest';
import { createRetryAfterEstimate } from './retry-after.ts';

/** An estimate with a clock of its own, after `count` completions `gapMs` apart with others waiting. */
function open({ count, gapMs }: { count: number; gapMs: number }) {
  let now = 1_000_000;
  const estimate = createRetryAfterEstimate(() => now);
  const advance = (ms: number) => {
    now += ms;
  };
  for (let completed = 0; completed < count; completed += 1) {
    advance(gapMs);
    estimate.recordCompletion(true);
  }
  return { estimate, advance };
}

const repeat = (count: number, estimateNext: () => number) =>
  Array.from({ length: count }, estimateNext);

describe('the Retry-After estimate', () => {
  it('spaces refused requests out, somewhat closer than completions are apart', () => {
    const { estimate } = open({ count: 500, gapMs: 100 });
    const waits = repeat(125, estimate.seconds);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect([waits[0], waits.at(-1)]).toEqual([2, 11]);
  });

  it('is a random time between 15 and 30 seconds once all 30 seconds are given out', () => {
    const { estimate } = open({ count: 500, gapMs: 100 });
    repeat(400, estimate.seconds);
    const waits = repeat(1_000, estimate.seconds);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(15);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30);
    expect(new Set(waits).size).toBeGreaterThan(10);
  });

  it('is short again once the times given out have passed', () => {
    const { estimate, advance } = open({ count: 500, gapMs: 100 });
    repeat(125, estimate.seconds);
    advance(11_000);
    expect(estimate.seconds()).toBe(2);
  });

  it('ignores the time in which no request was waiting', () => {
    const { estimate, advance } = open({ count: 500, gapMs: 100 });
    estimate.recordCompletion(false);
    advance(3_600_000);
    estimate.recordCompletion(true);
    expect(repeat(125, estimate.seconds).at(-1)).toBe(11);
  });
});
