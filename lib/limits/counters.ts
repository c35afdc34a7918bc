import 'server-only';
import type { StorePlace } from '../store/open.ts';
import type { Store } from '../store/schema.ts';
import { createPostgresCounters } from './postgres-counter.ts';
import { createSqliteCounters } from './sqlite-counter.ts';
import type { CreateCounter } from './start-limits.ts';

/** Counters that all processes share which share the store. */
export function createCounters(place: StorePlace, store: Store): CreateCounter {
  if (place.kind === 'postgres') {
    return createPostgresCounters(store);
  }
  return createSqliteCounters(place.path === ':memory:' ? ':memory:' : `${place.path}.limits`);
}
