import 'server-only';
import { type Migrated, migrate } from './migrate.ts';
import { migrationTimeouts, openPostgres } from './postgres.ts';
import type { Store } from './schema.ts';
import { openSqlite } from './sqlite.ts';

/** Which database to use. */
export type StorePlace =
  /** A file, or `:memory:`. */
  | { kind: 'sqlite'; path: string }
  /** `postgres://…`, which may contain a password, and the most connections of this process. */
  | { kind: 'postgres'; url: string; poolSize: number };

/** Opens a database without checking that it is reachable or migrated. */
export function openStore(place: StorePlace): Store {
  return place.kind === 'sqlite' ? openSqlite(place.path) : openPostgres(place.url, place.poolSize);
}

/** Migrates an open database: see `migrate`. On PostgreSQL, over a connection with longer timeouts. */
export async function prepareStore(place: StorePlace, store: Store): Promise<Migrated> {
  if (place.kind === 'sqlite') {
    return await migrate(store);
  }
  const migrationStore = openPostgres(place.url, 1, migrationTimeouts);
  try {
    return await migrate(migrationStore);
  } finally {
    await migrationStore.destroy();
  }
}
