import { describe, expect, it } from 'vitest';
import { howToPoll } from './how-to-poll.ts';

function holdMs(longestHold: string | null): number {
  const headers = new Headers(longestHold === null ? {} : { 'x-longest-hold': longestHold });
  return howToPoll(headers, { statusWaitSeconds: 25 }).holdMs;
}

describe('a poll is held', () => {
  it('as long as the deployment says, where the page says nothing', () => {
    expect(holdMs(null)).toBe(25_000);
  });

  it('for less where the page asks for less, and never for more', () => {
    expect(holdMs('8')).toBe(8_000);
    expect(holdMs('60')).toBe(25_000);
  });

  it.each(['', '0', '-1', '8.5', '8, 9', '1e1', '٨', 'x'.repeat(10_000)])(
    'as usual where what it asks for cannot be read: %.10s',
    (value) => {
      const get = () => value;
      expect(howToPoll({ get }, { statusWaitSeconds: 25 }).holdMs).toBe(25_000);
    },
  );

  it('not at all where holding is off', () => {
    const headers = new Headers({ 'x-longest-hold': '8', 'x-prompted': '1' });
    expect(howToPoll(headers, { statusWaitSeconds: 0 })).toEqual({ holdMs: 0, isPrompted: true });
  });
});
