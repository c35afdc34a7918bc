import 'server-only';
import { type Migrated, migrate } from './migrate.ts';
import { migrationTimeouts, openPostgres, type PostgresPlace } from './postgres.ts';
import type { Store } from './schema.ts';
import { openSqlite } from './sqlite.ts';

/** Which database to use. */
export type StorePlace =
  /** A file, or `:memory:`. */
  { kind: 'sqlite'; path: string } | PostgresPlace;

/** Opens a database without checking that it is reachable or migrated. */
export function openStore(place: StorePlace): Store {
  return place.kind === 'sqlite' ? openSqlite(place.path) : openPostgres(place);
}

/** Migrates an open database: see `migrate`. On PostgreSQL, over a connection with longer timeouts. */
export async function prepareStore(place: StorePlace, store: Store): Promise<Migrated> {
  if (place.kind === 'sqlite') {
    return await migrate(store);
  }
  const migrationStore = openPostgres({ ...place, poolSize: 1 }, migrationTimeouts);
  try {
    return await migrate(migrationStore);
  } finally {
    await migrationStore.destroy();
  }
}
