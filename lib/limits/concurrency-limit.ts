import 'server-only';
import { createSemaphore } from './semaphore.ts';

/** An adaptive concurrency limit with a FIFO queue. */
interface ConcurrencyLimit {
  /**
   * Waits for a permit, at most `waitMs`.
   *
   * @returns the function that releases it, to be called once with the outcome; null after a timeout.
   */
  acquire(waitMs: number): Promise<Release | null>;
  hasWaiters(): boolean;
}

export type Release = (outcome: 'succeeded' | 'failed' | 'unused') => void;

/** Requests that were in flight during a failure may fail too; failures within this time count once. */
const FAILURE_WINDOW_MS = 1_000;

/**
 * Adapts the limit as TCP does (RFC 5681, slow start and congestion avoidance). It starts at `least` and
 * grows by one per success, so it doubles each round. The first failure ends that: from then on the limit
 * grows by about one per round of successes. Each failure halves it, down to `least`. It never exceeds `most`.
 *
 * @param monotonicMs a monotonic clock.
 */
export function createConcurrencyLimit(
  { least, most }: { least: number; most: number },
  monotonicMs: () => number = () => performance.now(),
): ConcurrencyLimit {
  const initial = Math.min(least, most);
  const semaphore = createSemaphore(initial);
  let limit = initial;
  let lastFailureAt: number | null = null;

  const adjust = (outcome: Parameters<Release>[0]) => {
    if (outcome === 'succeeded') {
      limit = Math.min(most, limit + (lastFailureAt === null ? 1 : 1 / limit));
    } else if (
      outcome === 'failed' &&
      monotonicMs() - (lastFailureAt ?? -Infinity) >= FAILURE_WINDOW_MS
    ) {
      lastFailureAt = monotonicMs();
      limit = Math.max(initial, limit / 2);
    }
    semaphore.setPermits(Math.floor(limit));
  };

  return {
    hasWaiters: semaphore.hasWaiters,

    async acquire(waitMs) {
      const release = await semaphore.acquire(waitMs);
      if (release === null) {
        return null;
      }
      return (outcome) => {
        adjust(outcome);
        release();
      };
    },
  };
}
