import 'server-only';
import type { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { counterOf } from './library-counter.ts';
import type { Counter, CreateCounter } from './start-limits.ts';

/**
 * Makes counters in Redis. While it is away they count in the store instead, from what that knows:
 * the limits hold all the while, only what was counted before is counted elsewhere.
 */
export function createRedisCounters(redis: Redis, inStore: CreateCounter): CreateCounter {
  return (name, limit) => {
    const first = counterOf(
      new RateLimiterRedis({
        storeClient: redis,
        rejectIfRedisNotReady: true,
        keyPrefix: `call-login:${name}`,
        points: limit.count,
        duration: limit.seconds,
      }),
      limit,
    );
    const second = inStore(name, limit);
    const either = async <T>(use: (counter: Counter) => Promise<T>): Promise<T> => {
      try {
        return await use(first);
      } catch {
        return await use(second);
      }
    };
    return {
      peek: (key) => either((counter) => counter.peek(key)),
      consume: (key) => either((counter) => counter.consume(key)),
      refund: (key) => either((counter) => counter.refund(key)),
    };
  };
}
