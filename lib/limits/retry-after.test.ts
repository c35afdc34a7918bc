import { describe, expect, it } from 'vitest';
import { createRetryAfterEstimate } from './retry-after.ts';

/** With a time of its own, after so many were served at such a pace while others waited. */
function open({ served, gapMs }: { served: number; gapMs: number }) {
  let now = 1_000_000;
  const comeBack = createRetryAfterEstimate(() => now);
  const advance = (ms: number) => {
    now += ms;
  };
  for (let count = 0; count < served; count += 1) {
    advance(gapMs);
    comeBack.served(true);
  }
  return { comeBack, advance };
}

const many = (count: number, tell: () => number) => Array.from({ length: count }, tell);

describe('who is sent away', () => {
  it('is told to come back one after another, somewhat faster than others are served', () => {
    const { comeBack } = open({ served: 500, gapMs: 100 });
    const told = many(125, comeBack.inSeconds);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect([told[0], told.at(-1)]).toEqual([2, 11]);
  });

  it('is told some time of the second half of half a minute, where all of it is given away', () => {
    const { comeBack } = open({ served: 500, gapMs: 100 });
    many(400, comeBack.inSeconds);
    const told = many(1_000, comeBack.inSeconds);
    expect(Math.min(...told)).toBeGreaterThanOrEqual(15);
    expect(Math.max(...told)).toBeLessThanOrEqual(30);
    expect(new Set(told).size).toBeGreaterThan(10);
  });

  it('comes soon again once those before have had their time', () => {
    const { comeBack, advance } = open({ served: 500, gapMs: 100 });
    many(125, comeBack.inSeconds);
    advance(11_000);
    expect(comeBack.inSeconds()).toBe(2);
  });

  it('is told nothing of the time in which nobody came', () => {
    const { comeBack, advance } = open({ served: 500, gapMs: 100 });
    comeBack.served(false);
    advance(3_600_000);
    comeBack.served(true);
    expect(many(125, comeBack.inSeconds).at(-1)).toBe(11);
  });
});
