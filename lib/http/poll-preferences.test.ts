import { describe, expect, it } from 'vitest';
import { readPollPreferences } from './poll-preferences.ts';

function holdMs(prefer: string | null): number {
  const get = (name: string) => (name === 'prefer' ? prefer : null);
  return readPollPreferences({ get }, { statusWaitSeconds: 25 }).holdMs;
}

describe('a poll is held', () => {
  it('for the configured time when the page states no preference', () => {
    expect(holdMs(null)).toBe(25_000);
  });

  it('for less time when the page prefers less, never for more', () => {
    expect(holdMs('wait=8')).toBe(8_000);
    expect(holdMs('wait=60')).toBe(25_000);
    expect(holdMs('wait=0')).toBe(0);
  });

  it.each(['', '8', 'wait=00', 'wait=-1', 'wait=8.5', 'wait=1e1', 'wait=٨', 'x'.repeat(10_000)])(
    'for the configured time when the preference is invalid: %.10s',
    (value) => {
      expect(holdMs(value)).toBe(25_000);
    },
  );

  it('not at all when holding is disabled', () => {
    const headers = new Headers({ prefer: 'wait=8', 'x-prompted': '1' });
    expect(readPollPreferences(headers, { statusWaitSeconds: 0 })).toEqual({
      holdMs: 0,
      isPrompted: true,
    });
  });
});
