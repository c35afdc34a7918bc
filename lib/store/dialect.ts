import 'server-only';
import { type Kysely, sql } from 'kysely';
import type { Queries } from './schema.ts';

/**
 * Whether this is PostgreSQL, for the few places where it and SQLite differ. Asked of what it can do:
 * Next bundles each route apart, so a class of one is not the same in another.
 */
export function isPostgres(database: Pick<Kysely<unknown>, 'getExecutor'>): boolean {
  return database.getExecutor().adapter.supportsMultipleConnections === true;
}

/**
 * Lets one transaction at a time go on from here among those that name the same key, on all
 * processes, until it is committed. It then sees all that the ones before it wrote. SQLite needs no
 * telling: there, one transaction writes at a time.
 *
 * What must not change under a transaction between its reading and its writing is named by a key:
 * its rows may not exist yet, and locks of rows cannot hold those.
 */
export async function acquireTransactionLock(
  transaction: Queries,
  key: `phone number ${string}` | `browser ${string}` | 'tables',
): Promise<void> {
  if (isPostgres(transaction)) {
    await sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(transaction);
  }
}
