import 'server-only';
import { type Kysely, sql } from 'kysely';
import type { Queries } from './schema.ts';

/**
 * Whether this is PostgreSQL rather than SQLite. Tests a capability instead of `instanceof`, because Next
 * bundles each route separately and a class of one bundle is not that of another.
 */
export function isPostgres(database: Pick<Kysely<unknown>, 'getExecutor'>): boolean {
  return database.getExecutor().adapter.supportsMultipleConnections === true;
}

/**
 * Acquires the advisory lock of a key until the transaction ends, across all processes. The transaction
 * then sees everything that earlier holders committed. A no-op on SQLite, where only one transaction writes
 * at a time.
 *
 * A lock on rows would not do: the rows to protect may not exist yet.
 */
export async function acquireTransactionLock(
  transaction: Queries,
  key: `phone number ${string}` | `browser ${string}` | 'tables',
): Promise<void> {
  if (isPostgres(transaction)) {
    await sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(transaction);
  }
}
