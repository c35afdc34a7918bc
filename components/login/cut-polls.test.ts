import { describe, expect, it } from 'vitest';
import { createCutPolls } from './cut-polls.ts';

/** What each of some cuts in a row looks like, and what was learned from them. */
function afterCuts(...heldMs: readonly number[]) {
  const cuts = createCutPolls();
  const looksDisconnected = heldMs.map((ms) => cuts.noteCut(ms));
  return { cuts, looksDisconnected };
}

describe('polls without an answer', () => {
  it('say nothing the first time, and that there is no connection the second', () => {
    expect(afterCuts(20, 20, 20).looksDisconnected).toEqual([false, true, true]);
    expect(afterCuts(12_000, 20).looksDisconnected).toEqual([false, true]);
    expect(afterCuts(20, 12_000).looksDisconnected).toEqual([false, true]);
  });

  it('that were held twice in a row are put down to a proxy, and the next are shorter', () => {
    const { cuts, looksDisconnected } = afterCuts(10_050, 10_020);
    expect(looksDisconnected).toEqual([false, false]);
    expect(cuts.longestHoldSeconds()).toBe(8);
  });

  it('grow shorter still where that was not short enough', () => {
    const { cuts, looksDisconnected } = afterCuts(10_050, 10_020, 7_000, 7_500);
    expect(looksDisconnected).toEqual([false, false, false, false]);
    expect(cuts.longestHoldSeconds()).toBe(5);
  });

  it('say that there is no connection once they fail at once', () => {
    expect(afterCuts(10_050, 10_020, 15, 15).looksDisconnected).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it('of a hidden page, which its phone may have frozen, tell nothing of a proxy', () => {
    const { cuts, looksDisconnected } = afterCuts(0, 10_050);
    expect(looksDisconnected).toEqual([false, true]);
    expect(cuts.longestHoldSeconds()).toBe(99);
  });

  it('leave what was learned of the way for after an answer, and nothing else', () => {
    const { cuts } = afterCuts(10_050, 10_020, 7_000);
    cuts.noteAnswer();
    expect(cuts.longestHoldSeconds()).toBe(8);
    expect(cuts.noteCut(7_000)).toBe(false);
    expect(cuts.longestHoldSeconds()).toBe(8);
  });
});
