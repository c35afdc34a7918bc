/** Distinguishes polls cut by a proxy from a lost connection, and shortens polls to fit the proxy. */
interface CutPolls {
  /**
   * Records a poll that ended without a response. Two in a row that were held for at least
   * `MIN_CUT_MS` were cut by a proxy: later polls are asked to be shorter.
   *
   * @param heldMs how long the poll was open; 0 if unknown.
   * @param askedSeconds for how long it was to be held.
   * @returns whether the connection looks lost: a single failure does not, phones drop connections
   *   briefly.
   */
  recordCut(heldMs: number, askedSeconds: number): boolean;
  /** Records a response. The shortened hold time is kept. */
  recordResponse(): void;
  /** The longest time that the next polls should be held. */
  maxHoldSeconds(): number;
}

/**
 * Shorter polls failed by themselves: some proxies cut after ten seconds, hardly any before five.
 */
const MIN_CUT_MS = 3_000;

/** A poll that is open for this much longer than its hold was ended by the page's own time limit. */
const GIVEN_UP_AFTER_MS = 4_000;

/** Polls are held for four fifths of the time after which they were cut. */
const HELD_SECONDS_PER_CUT_MS = 0.8 / 1_000;

/** @param serverHoldSeconds the longest time that the server holds a poll. */
export function createCutPolls(serverHoldSeconds: number): CutPolls {
  let cutsInARow = 0;
  let lastHeldMs = 0;
  let maxHoldSeconds = serverHoldSeconds;
  const recordResponse = () => {
    cutsInARow = 0;
    lastHeldMs = 0;
  };
  return {
    recordCut(heldMs, askedSeconds) {
      cutsInARow += 1;
      if (heldMs > askedSeconds * 1_000 + GIVEN_UP_AFTER_MS) {
        return true;
      }
      const cutMs = Math.min(heldMs, lastHeldMs);
      lastHeldMs = heldMs;
      if (cutMs >= MIN_CUT_MS) {
        maxHoldSeconds = Math.min(maxHoldSeconds, Math.floor(cutMs * HELD_SECONDS_PER_CUT_MS));
        recordResponse();
      }
      return cutsInARow > 1;
    },
    recordResponse,
    maxHoldSeconds: () => maxHoldSeconds,
  };
}
