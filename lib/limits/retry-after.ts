import 'server-only';

/** Estimates Retry-After for refused requests, so that they come back spread out over time. */
interface RetryAfterEstimate {
  /** Records that a request has left the queue. The pace of these is the pace at which refused ones return. */
  recordCompletion(hasWaiters: boolean): void;
  /** Seconds after which the next refused request may come back. */
  seconds(): number;
}

const MIN_WAIT_MS = 1_000;

/**
 * Longer waits would exceed what people tolerate in front of a page. Once every time up to here has been
 * given out, requests get a random time in the second half of it.
 */
const MAX_WAIT_MS = 30_000;

/** Time between two completions: assumed until measured, and the most that one measurement counts. */
const GAP_MS = { initial: 20, max: 500 };

/** Weight of the newest gap in the moving average. */
const SMOOTHING = 0.05;

/** Some clients do not come back, and capacity should not stand idle. */
const OVERBOOKING = 1.25;

/** @param monotonicMs a monotonic clock. */
export function createRetryAfterEstimate(
  monotonicMs: () => number = () => performance.now(),
): RetryAfterEstimate {
  let gapMs = GAP_MS.initial;
  let completedAt: number | null = null;
  let lastReservedAt = 0;

  return {
    recordCompletion(hasWaiters) {
      const now = monotonicMs();
      if (completedAt !== null) {
        gapMs += SMOOTHING * (Math.min(GAP_MS.max, now - completedAt) - gapMs);
      }
      // With an empty queue the next gap depends on arrivals, not on the pace of service.
      completedAt = hasWaiters ? now : null;
    },

    seconds() {
      const now = monotonicMs();
      const reservedAt = Math.max(lastReservedAt, now + MIN_WAIT_MS) + gapMs / OVERBOOKING;
      const isFree = reservedAt <= now + MAX_WAIT_MS;
      if (isFree) {
        lastReservedAt = reservedAt;
      }
      const waitMs = isFree ? reservedAt - now : (MAX_WAIT_MS * (1 + Math.random())) / 2;
      return Math.ceil(waitMs / 1_000);
    },
  };
}
