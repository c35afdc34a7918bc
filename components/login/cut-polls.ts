/** What the polls that end without an answer tell of the way to the server. */
export interface CutPolls {
  /**
   * Notes a poll without an answer. Two in a row that were held for a while are the work of a proxy, not of
   * a lost connection, and the next ones are to be shorter.
   *
   * @param heldMs how long the poll was under way; 0 where nobody can tell.
   * @returns whether it looks as if there were no connection: phones drop one in passing.
   */
  noteCut(heldMs: number): boolean;
  /** Notes an answer. What was learned of the way stays. */
  noteAnswer(): void;
  /** For how long polls are to be held at most from now on. */
  longestHoldSeconds(): number;
}

/** A connection that fails sooner was none; some proxies cut after ten seconds, hardly any before five. */
const SHORTEST_CUT_MS = 3_000;

/** Longer than any server holds a poll. */
const NO_LIMIT_SECONDS = 99;

/** Polls are held for four fifths of the time after which they were cut. */
const KEPT_SECONDS_PER_MS = 0.8 / 1_000;

export function createCutPolls(): CutPolls {
  let inARow = 0;
  let lastHeldMs = 0;
  let longestHoldSeconds = NO_LIMIT_SECONDS;
  const noteAnswer = () => {
    inARow = 0;
    lastHeldMs = 0;
  };
  return {
    noteCut(heldMs) {
      const cutMs = Math.min(heldMs, lastHeldMs);
      inARow += 1;
      lastHeldMs = heldMs;
      if (cutMs >= SHORTEST_CUT_MS) {
        longestHoldSeconds = Math.floor(cutMs * KEPT_SECONDS_PER_MS);
        noteAnswer();
      }
      return inARow > 1;
    },
    noteAnswer,
    longestHoldSeconds: () => longestHoldSeconds,
  };
}
