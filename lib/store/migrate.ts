import 'server-only';
import { type MigrationProvider, Migrator } from 'kysely/migration';
import { first } from './migrations/0001-first.ts';
import { browserTokens } from './migrations/0002-browser-tokens.ts';
import { operation } from './migrations/0003-operation.ts';
import { handoff } from './migrations/0004-handoff.ts';
import { startNumbers } from './migrations/0005-start-numbers.ts';
import type { Store } from './schema.ts';

/** Named so that they sort in the order they were written; never edited once released. */
const migrations: MigrationProvider = {
  getMigrations: async () => ({
    '0001-first': first,
    '0002-browser-tokens': browserTokens,
    '0003-operation': operation,
    '0004-handoff': handoff,
    '0005-start-numbers': startNumbers,
  }),
};

/**
 * Brings the database to the shape this code expects, or throws and leaves it as it was.
 *
 * @returns the names of the migrations that ran.
 */
export async function migrate(store: Store): Promise<string[]> {
  const { error, results } = await new Migrator({
    db: store,
    provider: migrations,
  }).migrateToLatest();
  if (error !== undefined) {
    throw error;
  }
  return (results ?? []).map((result) => result.migrationName);
}
