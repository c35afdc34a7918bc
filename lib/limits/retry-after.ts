import 'server-only';

/** Tells those for whom there is no room when to come back: one after another, not all at once. */
export interface RetryAfterEstimate {
  /** One of many has been served: how fast that goes is how far apart they are told to come. */
  served(isSomebodyWaiting: boolean): void;
  /** In how many seconds the next one who is sent away may come back. */
  inSeconds(): number;
}

const SOONEST_MS = 1_000;

/** Nobody waits for longer in front of a page. Whom that leaves without a turn comes in the second half of it. */
const LATEST_MS = 30_000;

/** How far apart two are served: as long as nobody has had to wait, and at most. */
const GAP_MS = { first: 20, longest: 500 };

/** How much the last one says of how fast it goes. */
const WEIGHT = 0.05;

/** Some do not come back, and nothing is to stand idle. */
const OVERBOOKING = 1.25;

/** @param monotonicMs a time that no setting of the clock changes. */
export function createRetryAfterEstimate(
  monotonicMs: () => number = () => performance.now(),
): RetryAfterEstimate {
  let gapMs = GAP_MS.first;
  let servedAt: number | null = null;
  let lastTurnAt = 0;

  return {
    served(isSomebodyWaiting) {
      const now = monotonicMs();
      if (servedAt !== null) {
        gapMs += WEIGHT * (Math.min(GAP_MS.longest, now - servedAt) - gapMs);
      }
      // Where nobody waits, it is they who take their time.
      servedAt = isSomebodyWaiting ? now : null;
    },

    inSeconds() {
      const now = monotonicMs();
      const turnAt = Math.max(lastTurnAt, now + SOONEST_MS) + gapMs / OVERBOOKING;
      const hasTurn = turnAt <= now + LATEST_MS;
      if (hasTurn) {
        lastTurnAt = turnAt;
      }
      const waitMs = hasTurn ? turnAt - now : (LATEST_MS * (1 + Math.random())) / 2;
      return Math.ceil(waitMs / 1_000);
    },
  };
}
