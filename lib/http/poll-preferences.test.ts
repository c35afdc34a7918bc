import { describe, expect, it } from 'vitest';
import { readPollPreferences } from './poll-preferences.ts';

function holdMs(prefer: string | null): number {
  const get = (name: string) => (name === 'prefer' ? prefer : null);
  return readPollPreferences({ get }, { statusWaitSeconds: 25 }).holdMs;
}

describe('a poll is held', () => {
  it('as long as the deployment says, where the page says nothing', () => {
    expect(holdMs(null)).toBe(25_000);
  });

  it('for less where the page prefers less, and never for more', () => {
    expect(holdMs('wait=8')).toBe(8_000);
    expect(holdMs('wait=60')).toBe(25_000);
  });

  it.each(['', '8', 'wait=0', 'wait=-1', 'wait=8.5', 'wait=1e1', 'wait=٨', 'x'.repeat(10_000)])(
    'as usual where what it prefers cannot be read: %.10s',
    (value) => {
      expect(holdMs(value)).toBe(25_000);
    },
  );

  it('not at all where holding is off', () => {
    const headers = new Headers({ prefer: 'wait=8', 'x-prompted': '1' });
    expect(readPollPreferences(headers, { statusWaitSeconds: 0 })).toEqual({
      holdMs: 0,
      isPrompted: true,
    });
  });
});
