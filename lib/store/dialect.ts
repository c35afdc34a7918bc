import 'server-only';
import { type DialectAdapter, type Kysely, sql } from 'kysely';
import type { Queries, Store } from './schema.ts';

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

/** The adapter of a database that flushes its commits when it is told to. */
export interface FlushingAdapter extends DialectAdapter {
  /** Resolves once all that has been committed is on disk. */
  flush(): Promise<void>;
}

/**
 * Runs a transaction, and resolves once a power failure cannot undo it. `store.transaction()` is enough for changes
 * that take nothing away and come about again: it does not wait for the disk, except through a pooler of PostgreSQL.
 */
export async function durableTransaction<T>(
  store: Store,
  change: (transaction: Queries) => Promise<T>,
): Promise<T> {
  const outcome = await store.transaction().execute(async (transaction) => {
    if (isPostgres(transaction)) {
      // As the server is configured, which may also wait for a replica.
      await sql`set local synchronous_commit to default`.execute(transaction);
    }
    return await change(transaction);
  });
  const { adapter } = store.getExecutor();
  if (isFlushing(adapter)) {
    await adapter.flush();
  }
  return outcome;
}

function isFlushing(adapter: DialectAdapter): adapter is FlushingAdapter {
  return 'flush' in adapter;
}
