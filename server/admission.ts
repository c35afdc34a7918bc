import { createConcurrencyLimit } from '#lib/limits/concurrency-limit.ts';
import { createRetryAfterEstimate } from '#lib/limits/retry-after.ts';
import { fail, type Result, succeed } from '#lib/shared/result.ts';

/** The admission queue: as many starts at a time as go well, the others wait in order. */
export interface Admission {
  /** Runs `work` when its turn comes; or says when to come back, after too long in the queue. */
  run(work: () => Promise<Response>): Promise<Result<Response, { retryAfterSeconds: number }>>;
}

/** So many starts at once no machine is too slow for. */
const MIN_CONCURRENCY = 10;

/** How long a start may wait in the queue. */
const MAX_QUEUE_MS = 3_000;

/** @param maxConcurrency as many as this process sends requests to the vendor at a time. */
export function createAdmission(maxConcurrency: number): Admission {
  const limit = createConcurrencyLimit({ least: MIN_CONCURRENCY, most: maxConcurrency });
  const retryAfter = createRetryAfterEstimate();
  return {
    async run(work) {
      const release = await limit.acquire(MAX_QUEUE_MS);
      if (release === null) {
        return fail({ retryAfterSeconds: retryAfter.seconds() });
      }
      let outcome: Parameters<typeof release>[0] = 'failed';
      try {
        const response = await work();
        outcome = response.status < 500 ? 'succeeded' : 'failed';
        return succeed(response);
      } finally {
        retryAfter.recordCompletion(limit.hasWaiters());
        release(outcome);
      }
    },
  };
}
