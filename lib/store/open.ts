import 'server-only';
import { type Migrated, migrate } from './migrate.ts';
import { forMigrations, openPostgres } from './postgres.ts';
import type { Store } from './schema.ts';
import { openSqlite } from './sqlite.ts';

/** Where everything is kept. */
export type StorePlace =
  /** A file, or `:memory:`. */
  | { kind: 'sqlite'; path: string }
  /** `postgres://…`, which may hold a password, and how many connections this process may have. */
  | { kind: 'postgres'; url: string; poolSize: number };

/** Opens a database without asking whether it is there or up to date. */
export function openStore(place: StorePlace): Store {
  return place.kind === 'sqlite' ? openSqlite(place.path) : openPostgres(place.url, place.poolSize);
}

/** Brings an open database up to date: see `migrate`. On PostgreSQL that may take its time. */
export async function prepareStore(place: StorePlace, store: Store): Promise<Migrated> {
  if (place.kind === 'sqlite') {
    return await migrate(store);
  }
  const patient = openPostgres(place.url, 1, forMigrations);
  try {
    return await migrate(patient);
  } finally {
    await patient.destroy();
  }
}
