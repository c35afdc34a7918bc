import 'server-only';
import { sql } from 'kysely';
import { DEFAULT_MIGRATION_TABLE, type Migration, Migrator } from 'kysely/migration';
import { acquireTransactionLock } from './dialect.ts';
import { first } from './migrations/0001-first.ts';
import { browserTokens } from './migrations/0002-browser-tokens.ts';
import { operation } from './migrations/0003-operation.ts';
import { handoff } from './migrations/0004-handoff.ts';
import { startNumbers } from './migrations/0005-start-numbers.ts';
import { limits } from './migrations/0006-limits.ts';
import { verifiedAt } from './migrations/0007-verified-at.ts';
import { passkeys } from './migrations/0008-passkeys.ts';
import { argentineMobiles } from './migrations/0009-argentine-mobiles.ts';
import { outbox } from './migrations/0010-outbox.ts';
import { fewerIndexUpdates } from './migrations/0011-fewer-index-updates.ts';
import type { Queries, Store } from './schema.ts';

/** The names sort in the order of the migrations. A released migration is never edited. */
const migrations: Readonly<Record<string, Migration>> = {
  '0001-first': first,
  '0002-browser-tokens': browserTokens,
  '0003-operation': operation,
  '0004-handoff': handoff,
  '0005-start-numbers': startNumbers,
  '0006-limits': limits,
  '0007-verified-at': verifiedAt,
  '0008-passkeys': passkeys,
  '0009-argentine-mobiles': argentineMobiles,
  '0010-outbox': outbox,
  '0011-fewer-index-updates': fewerIndexUpdates,
};

/** The names of the migrations of a database. */
export interface Migrated {
  /** Applied by this call. */
  done: string[];
  /** Applied earlier by a newer version. */
  newer: string[];
}

/**
 * Applies the pending migrations in one transaction, or throws and leaves the database unchanged.
 * Migrations of a newer version are ignored, so that a deployment can be rolled back to this one.
 *
 * Concurrent calls of several processes wait for each other.
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
          const noop: Migration = { up: async () => {} };
          return { ...migrations, ...Object.fromEntries(newer.map((name) => [name, noop])) };
        },
      },
    }).migrateToLatest();
    if (error !== undefined) {
      throw error;
    }
    return { done: (results ?? []).map(({ migrationName }) => migrationName), newer };
  });
}

/**
 * Reads which migrations a database lacks, and which a newer version has applied. Changes nothing; a
 * database without tables lacks all of them.
 */
export async function findPending(store: Store): Promise<{ pending: string[]; newer: string[] }> {
  const provider = { getMigrations: async () => migrations };
  const known = await new Migrator({ db: store, provider }).getMigrations();
  const pending = known.filter(({ executedAt }) => executedAt === undefined);
  return {
    pending: pending.map(({ name }) => name),
    newer: pending.length === known.length ? [] : await findNewer(store),
  };
}

/** Like `migrate`, but changes nothing: throws where the database lacks a migration. */
export async function requireMigrated(store: Store): Promise<Migrated> {
  const { pending, newer } = await findPending(store);
  if (pending.length > 0) {
    throw new Error(
      `The database that DATABASE_URL names lacks migrations (${pending.join(', ')}), and MIGRATIONS is off, ` +
        'as it is on previews of Vercel. Give previews a database of their own and set MIGRATIONS=apply for ' +
        'them, or run "npm run migrate" with MIGRATIONS=apply before this version starts.',
    );
  }
  return { done: [], newer };
}

/** The applied migrations that are newer than any in this code. */
async function findNewer(queries: Queries): Promise<string[]> {
  const newest = Object.keys(migrations).toSorted().at(-1) ?? '';
  const table = sql.table(DEFAULT_MIGRATION_TABLE);
  const { rows } = await sql<{ name: string }>`select name from ${table}`.execute(queries);
  return rows.map(({ name }) => name).filter((name) => name > newest);
}
