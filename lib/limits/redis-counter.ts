import 'server-only';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { RedisLink } from '../notify/redis.ts';
import { counterOf } from './library-counter.ts';
import type { Counter, CreateCounter } from './start-limits.ts';

/**
 * Makes counters in Redis. While it is away they count in the store instead, from what that knows:
 * the limits hold all the while, only what was counted before is counted elsewhere. Whoever finds that it
 * does not answer waits for that; the next ones do not ask it.
 */
export function createRedisCounters(redis: RedisLink, inStore: CreateCounter): CreateCounter {
  return (name, limit) => {
    const first = counterOf(
      new RateLimiterRedis({
        storeClient: redis.commands,
        rejectIfRedisNotReady: true,
        keyPrefix: `call-login:${name}`,
        points: limit.count,
        duration: limit.seconds,
      }),
    );
    const second = inStore(name, limit);
    const either = async <T>(use: (counter: Counter) => Promise<T>): Promise<T> => {
      if (redis.isWell()) {
        try {
          return await use(first);
        } catch (error) {
          redis.noteFailure(error);
        }
      }
      return await use(second);
    };
    return {
      consume: (key) => either((counter) => counter.consume(key)),
      refund: (key) => either((counter) => counter.refund(key)),
    };
  };
}
