import { describe, expect, it } from 'vitest';
import { pollPauseMs } from './schedule.ts';

const POLL_LIMIT = 30;
/** See `components/login/status-polls.ts`. */
const SHORTEST_PAUSE_MS = 250;

function countPolls(attemptTtlMs: number, holdMs: number): number {
  let polls = 0;
  for (let ageMs = 0; ageMs < attemptTtlMs; polls += 1) {
    ageMs += holdMs;
    const pauseMs = pollPauseMs(ageMs, holdMs, { attemptTtlMs, pollLimit: POLL_LIMIT });
    ageMs += Math.max(SHORTEST_PAUSE_MS, pauseMs);
  }
  return polls;
}

describe('thirty polls', () => {
  const seconds = (...values: number[]) => values.map((value) => ({ value }));

  describe.each(seconds(60, 300, 600))('outlast an attempt of $value s', ({ value: ttl }) => {
    it.each(seconds(0, 1, 2, 5, 8, 9, 10, 25, 55))('held for $value s each', ({ value: hold }) => {
      expect(countPolls(ttl * 1_000, hold * 1_000)).toBeLessThanOrEqual(POLL_LIMIT);
    });
  });

  it('follow each other without a pause where the hold time is long enough', () => {
    for (const ageMs of [0, 60_000, 299_000]) {
      expect(pollPauseMs(ageMs, 25_000, { attemptTtlMs: 300_000, pollLimit: 30 })).toBe(0);
    }
  });

  it('leave a pause that grows with age where the hold time is shorter', () => {
    const pauses = [0, 45_000, 60_000, 299_000].map((ageMs) =>
      pollPauseMs(ageMs, 8_000, { attemptTtlMs: 300_000, pollLimit: 30 }),
    );
    expect(pauses).toEqual([0, 1_000, 4_000, 5_000]);
  });
});
