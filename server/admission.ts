import type { RouteResponse } from '#lib/http/responses.ts';
import { createConcurrencyLimit } from '#lib/limits/concurrency-limit.ts';
import { createRetryAfterEstimate } from '#lib/limits/retry-after.ts';
import { HeldPoll } from '#lib/login/held-poll.ts';
import { fail, type Result, succeed } from '#lib/shared/result.ts';

/** The admission queue: runs as many starts at a time as succeed; the others wait in order. */
export interface Admission {
  /**
   * Runs `work` once it has a permit; after too long in the queue, fails with when to try again.
   *
   * @param isClientGone keeps work from beginning for a client that has left the queue, and nothing more:
   * a permit is held until the work has ended, whether or not the client reads its answer.
   */
  run<Answer extends RouteResponse | HeldPoll>(
    work: () => Promise<Answer>,
    isClientGone: () => boolean,
  ): Promise<Result<Answer, { retryAfterSeconds: number } | 'client_gone'>>;
}

/** No machine is too slow for this many starts at once. */
const MIN_CONCURRENCY = 10;

/** How long a start may wait in the queue. */
const MAX_QUEUE_MS = 3_000;

/**
 * @param maxConcurrency this process's limit on concurrent requests to the vendor.
 * @param maxQueueMs can be shortened for tests.
 */
export function createAdmission(maxConcurrency: number, maxQueueMs = MAX_QUEUE_MS): Admission {
  const limit = createConcurrencyLimit({ least: MIN_CONCURRENCY, most: maxConcurrency });
  const retryAfter = createRetryAfterEstimate();
  return {
    async run(work, isClientGone) {
      const release = await limit.acquire(maxQueueMs);
      if (release === null) {
        return fail({ retryAfterSeconds: retryAfter.seconds() });
      }
      if (isClientGone()) {
        release('unused');
        return fail('client_gone');
      }
      let outcome: Parameters<typeof release>[0] = 'failed';
      try {
        const answer = await work();
        outcome = answer instanceof HeldPoll || answer.status < 500 ? 'succeeded' : 'failed';
        return succeed(answer);
      } finally {
        retryAfter.recordCompletion(limit.hasWaiters());
        release(outcome);
      }
    },
  };
}
