/** What the polls that ended without an answer tell of the way to the server. */
export interface CutPolls {
  /** Since the last answer, or since they were put down to a proxy. */
  inARow: number;
  /** How long the last of them was held; null where it cannot have been cut by a proxy. */
  lastHeldMs: number | null;
  /** For how many seconds polls are to be held at most from now on; null for as long as the server does. */
  longestHoldSeconds: number | null;
}

export const noCutPolls: CutPolls = { inARow: 0, lastHeldMs: null, longestHoldSeconds: null };

/** A connection that fails sooner was none; some proxies cut after ten seconds, hardly any before five. */
const SHORTEST_CUT_MS = 3_000;

/** Polls are held for this part of the time after which they were cut. */
const KEPT = 0.8;

/** Phones drop connections in passing: not worth a word. */
const SILENT_CUTS = 1;

/**
 * Notes a poll without an answer. Two in a row that were held for a while are the work of what stands in
 * between, not of a lost connection, and the next ones are to be shorter.
 *
 * @param heldMs how long the poll was under way; null where the page was hidden meanwhile.
 */
export function afterCut(cuts: CutPolls, heldMs: number | null): CutPolls {
  const cutMs = heldMs !== null && heldMs >= SHORTEST_CUT_MS ? heldMs : null;
  if (cutMs === null || cuts.lastHeldMs === null) {
    return { ...cuts, inARow: cuts.inARow + 1, lastHeldMs: cutMs };
  }
  const longestHoldSeconds = Math.floor((Math.min(cutMs, cuts.lastHeldMs) * KEPT) / 1_000);
  return { inARow: 0, lastHeldMs: null, longestHoldSeconds };
}

/** Notes an answer. What was learned of the way stays. */
export function afterAnswer({ longestHoldSeconds }: CutPolls): CutPolls {
  return { ...noCutPolls, longestHoldSeconds };
}

/** Whether it looks as if there were no connection. */
export function looksDisconnected({ inARow }: CutPolls): boolean {
  return inARow > SILENT_CUTS;
}
