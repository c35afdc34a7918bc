import 'server-only';
import { type RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import type { Counter } from './start-limits.ts';

/** Adapts a limiter of rate-limiter-flexible, whichever store it counts in. */
export function counterOf(limiter: RateLimiterAbstract): Counter {
  return {
    async consume(key) {
      try {
        await limiter.consume(key);
        return null;
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) {
          return refusal.msBeforeNext;
        }
        throw refusal;
      }
    },
    async refund(key) {
      await limiter.reward(key);
    },
  };
}
