import 'server-only';
import type { RedisLink } from '../notify/redis.ts';
import type { StorePlace } from '../store/open.ts';
import type { Store } from '../store/schema.ts';
import { createPostgresCounters } from './postgres-counter.ts';
import { createRedisCounters } from './redis-counter.ts';
import { createSqliteCounters } from './sqlite-counter.ts';
import type { CreateCounter } from './start-limits.ts';

/** Counters shared by all processes that use the same Redis or, without Redis, the same store. */
export function createCounters(
  place: StorePlace,
  store: Store,
  redis: RedisLink | null,
): CreateCounter {
  const inStore =
    place.kind === 'postgres'
      ? createPostgresCounters(store)
      : createSqliteCounters(place.path === ':memory:' ? ':memory:' : `${place.path}.limits`);
  return redis === null ? inStore : createRedisCounters(redis, inStore);
}
