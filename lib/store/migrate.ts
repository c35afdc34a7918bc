import 'server-only';
import { sql } from 'kysely';
import { DEFAULT_MIGRATION_TABLE, type Migration, Migrator } from 'kysely/migration';
import { acquireTransactionLock } from './dialect.ts';
import { first } from './migrations/0001-first.ts';
import { browserTokens } from './migrations/0002-browser-tokens.ts';
import { operation } from './migrations/0003-operation.ts';
import { handoff } from './migrations/0004-handoff.ts';
import { startNumbers } from './migrations/0005-start-numbers.ts';
import type { Queries, Store } from './schema.ts';

/** Named so that they sort in the order they were written; never edited once released. */
const migrations: Readonly<Record<string, Migration>> = {
  '0001-first': first,
  '0002-browser-tokens': browserTokens,
  '0003-operation': operation,
  '0004-handoff': handoff,
  '0005-start-numbers': startNumbers,
};

/** What was done to a database, by the names of the migrations. */
export interface Migrated {
  /** Now. */
  done: string[];
  /** Before, by a newer version. */
  newer: string[];
}

/**
 * Brings the database to the shape this code expects, or throws and leaves it as it was. What a newer
 * version has made of it is left alone: whoever goes back to this one must be able to.
 *
 * One process at a time does it, the others wait.
 */
export async function migrate(store: Store): Promise<Migrated> {
  return await store.transaction().execute(async (transaction) => {
    await acquireTransactionLock(transaction, 'tables');
    let newer: string[] = [];
    const { error, results } = await new Migrator({
      db: transaction,
      provider: {
        async getMigrations() {
          newer = await findNewer(transaction);
          const nothing: Migration = { up: async () => {} };
          return { ...migrations, ...Object.fromEntries(newer.map((name) => [name, nothing])) };
        },
      },
    }).migrateToLatest();
    if (error !== undefined) {
      throw error;
    }
    return { done: (results ?? []).map(({ migrationName }) => migrationName), newer };
  });
}

/** The migrations in the database that come after all that this code knows of. */
async function findNewer(queries: Queries): Promise<string[]> {
  const newest = Object.keys(migrations).toSorted().at(-1) ?? '';
  const table = sql.table(DEFAULT_MIGRATION_TABLE);
  const { rows } = await sql<{ name: string }>`select name from ${table}`.execute(queries);
  return rows.map(({ name }) => name).filter((name) => name > newest);
}
