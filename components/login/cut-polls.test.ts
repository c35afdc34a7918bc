import { describe, expect, it } from 'vitest';
import { createCutPolls } from './cut-polls.ts';

/** Records cut polls in a row; `looksDisconnected` has the verdict on each. */
function afterCuts(...heldMs: readonly number[]) {
  const cuts = createCutPolls(25);
  const looksDisconnected = heldMs.map((ms) => cuts.recordCut(ms, cuts.maxHoldSeconds()));
  return { cuts, looksDisconnected };
}

describe('polls that end without a response', () => {
  it('count as disconnected from the second one in a row', () => {
    expect(afterCuts(20, 20, 20).looksDisconnected).toEqual([false, true, true]);
    expect(afterCuts(12_000, 20).looksDisconnected).toEqual([false, true]);
    expect(afterCuts(20, 12_000).looksDisconnected).toEqual([false, true]);
  });

  it('are attributed to a proxy after two held ones in a row, and later polls get shorter', () => {
    const { cuts, looksDisconnected } = afterCuts(10_050, 10_020);
    expect(looksDisconnected).toEqual([false, false]);
    expect(cuts.maxHoldSeconds()).toBe(8);
  });

  it('get shorter again if shorter ones are cut too', () => {
    const { cuts, looksDisconnected } = afterCuts(10_050, 10_020, 7_000, 7_500);
    expect(looksDisconnected).toEqual([false, false, false, false]);
    expect(cuts.maxHoldSeconds()).toBe(5);
  });

  it('count as disconnected when they fail immediately, also behind a known proxy', () => {
    expect(afterCuts(10_050, 10_020, 15, 15).looksDisconnected).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it('count as disconnected at once when the page has given them up', () => {
    const { cuts, looksDisconnected } = afterCuts(30_000, 30_000);
    expect(looksDisconnected).toEqual([true, true]);
    expect(cuts.maxHoldSeconds()).toBe(25);
  });

  it('are not attributed to a proxy while the page is hidden and may be frozen', () => {
    const { cuts, looksDisconnected } = afterCuts(0, 10_050);
    expect(looksDisconnected).toEqual([false, true]);
    expect(cuts.maxHoldSeconds()).toBe(25);
  });

  it('are forgotten after a response, except for the shorter hold time', () => {
    const { cuts } = afterCuts(10_050, 10_020, 7_000);
    cuts.recordResponse();
    expect(cuts.maxHoldSeconds()).toBe(8);
    expect(cuts.recordCut(7_000, 8)).toBe(false);
    expect(cuts.maxHoldSeconds()).toBe(8);
  });
});
