import 'server-only';
import { findPending, type Migrated, migrate } from './migrate.ts';
import {
  migrationTimeouts,
  openPostgres,
  type PostgresPlace,
  requestTimeouts,
} from './postgres.ts';
import type { Preparation } from './prepared.ts';
import type { Store } from './schema.ts';
import { openSqlite } from './sqlite.ts';

/** Which database to use. */
export type StorePlace =
  /** A file, or `:memory:`. */
  { kind: 'sqlite'; path: string } | PostgresPlace;

/**
 * Opens a database without checking that it is reachable or migrated.
 *
 * @param prepare does so before the first statement: see `openDialect`.
 */
export function openStore(place: StorePlace, prepare?: Preparation): Store {
  return place.kind === 'sqlite'
    ? openSqlite(place.path, prepare)
    : openPostgres(place, requestTimeouts, prepare);
}

/**
 * Migrates an open database, if it lacks anything: see `migrate`. On PostgreSQL, over connections of its own: what is
 * pending is read without waiting for other processes that migrate, and migrating may take longer than a request.
 */
export async function prepareStore(place: StorePlace, store: Store): Promise<Migrated> {
  if (place.kind === 'sqlite') {
    return await migrate(store);
  }
  const { connectMs } = migrationTimeouts;
  const { pending, newer } = await withOwnPool(
    place,
    { ...requestTimeouts, connectMs },
    findPending,
  );
  return pending.length === 0
    ? { done: [], newer }
    : await withOwnPool(place, migrationTimeouts, migrate);
}

async function withOwnPool<Outcome>(
  place: PostgresPlace,
  timeouts: typeof requestTimeouts,
  work: (store: Store) => Promise<Outcome>,
): Promise<Outcome> {
  const store = openPostgres({ ...place, poolSize: 1 }, timeouts);
  try {
    return await work(store);
  } finally {
    await store.destroy();
  }
}
