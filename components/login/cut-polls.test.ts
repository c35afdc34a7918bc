import { describe, expect, it } from 'vitest';
import { afterAnswer, afterCut, looksDisconnected, noCutPolls } from './cut-polls.ts';

function afterCuts(...heldMs: readonly (number | null)[]) {
  return heldMs.reduce(afterCut, noCutPolls);
}

describe('polls without an answer', () => {
  it('say nothing the first time, and that there is no connection the second', () => {
    expect(looksDisconnected(afterCuts(20))).toBe(false);
    expect(looksDisconnected(afterCuts(20, 20))).toBe(true);
    expect(looksDisconnected(afterCuts(12_000, 20))).toBe(true);
    expect(looksDisconnected(afterCuts(20, 12_000))).toBe(true);
  });

  it('that were held twice in a row are put down to a proxy, and the next are shorter', () => {
    const cuts = afterCuts(10_050, 10_020);
    expect(looksDisconnected(cuts)).toBe(false);
    expect(cuts.longestHoldSeconds).toBe(8);
  });

  it('grow shorter still where that was not short enough', () => {
    const cuts = afterCuts(10_050, 10_020, 7_000, 7_500);
    expect(looksDisconnected(cuts)).toBe(false);
    expect(cuts.longestHoldSeconds).toBe(5);
  });

  it('say that there is no connection once they fail at once', () => {
    expect(looksDisconnected(afterCuts(10_050, 10_020, 15, 15))).toBe(true);
  });

  it('of a hidden page, which its phone may have frozen, tell nothing of a proxy', () => {
    const cuts = afterCuts(null, 10_050);
    expect(cuts.longestHoldSeconds).toBeNull();
    expect(looksDisconnected(cuts)).toBe(true);
  });

  it('leave what was learned of the way for after an answer', () => {
    const cuts = afterAnswer(afterCuts(10_050, 10_020));
    expect(cuts.longestHoldSeconds).toBe(8);
    expect(looksDisconnected(afterCut(cuts, 20))).toBe(false);
    expect(afterCut(cuts, 7_000).longestHoldSeconds).toBe(8);
  });
});
