import 'server-only';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { RedisLink } from '../notify/redis.ts';
import { counterOf } from './library-counter.ts';
import type { Counter, CreateCounter } from './start-limits.ts';

/**
 * Makes counters in Redis that fall back to the store while Redis is unavailable. The limits hold in
 * either, but neither knows the other's counts. Only the requests that find Redis unresponsive wait for
 * the timeout; later ones go to the store directly.
 */
export function createRedisCounters(redis: RedisLink, inStore: CreateCounter): CreateCounter {
  return (name, limit) => {
    const primary = counterOf(
      new RateLimiterRedis({
        storeClient: redis.commands,
        rejectIfRedisNotReady: true,
        keyPrefix: `call-login:${name}`,
        points: limit.count,
        duration: limit.seconds,
      }),
    );
    const fallback = inStore(name, limit);
    const withFallback = async <T>(use: (counter: Counter) => Promise<T>): Promise<T> => {
      if (redis.isAvailable()) {
        try {
          return await use(primary);
        } catch (error) {
          redis.reportFailure(error);
        }
      }
      return await use(fallback);
    };
    return {
      consume: (key) => withFallback((counter) => counter.consume(key)),
      refund: (key) => withFallback((counter) => counter.refund(key)),
    };
  };
}
