import 'server-only';
import {
  Kysely,
  PostgresAdapter,
  type PostgresCursor,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import pg from 'pg';
import { closeAtExit } from './at-exit.ts';
import { StoreUnreachable } from './failure.ts';
import type { Store, Tables } from './schema.ts';

/** How long a request may wait for the database, in milliseconds: a few seconds, whatever it does. */
export const requestTimeouts = {
  /** For a connection, free or new. */
  connectMs: 1_000,
  /** For a lock that another transaction holds. */
  lockMs: 1_000,
  /** For one statement, on the server. */
  statementMs: 2_000,
  /** For a response from a server that has stopped responding. */
  answerMs: 3_000,
};

/** Migrating large tables may take long. 0 means no limit. */
export const migrationTimeouts: typeof requestTimeouts = {
  connectMs: 5_000,
  lockMs: 60_000,
  statementMs: 0,
  answerMs: 0,
};

/** How long an unused connection stays open. */
const IDLE_MS = 30_000;

/** The server ends the transaction of a stalled process after this time, which releases its locks. */
export const IDLE_IN_TRANSACTION_MS = 5_000;

/**
 * Opens a PostgreSQL database. Connects on first use and reconnects after an outage.
 *
 * @param url `postgres://…`
 * @param poolSize the most connections of this process. A query that waits longer than `connectMs` for one
 * fails with `StoreUnreachable`.
 */
export function openPostgres(url: string, poolSize: number, timeouts = requestTimeouts): Store {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: timeouts.connectMs,
    lock_timeout: timeouts.lockMs,
    statement_timeout: timeouts.statementMs,
    query_timeout: timeouts.answerMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    application_name: 'call-login',
    types: { getTypeParser: parserOf },
  });
  // A connection that breaks while idle emits an error here, and the next statement on it fails anyway.
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', () => {});
  return new Kysely<Tables>({ dialect: new Dialect({ pool: adaptPool(pool) }) });
}

class Dialect extends PostgresDialect {
  override createAdapter() {
    return new Adapter();
  }
}

/**
 * Disables Kysely's migration lock, a session lock that outlives the transaction: behind a pooler it would
 * stay on a connection that the next statement does not get. `migrate` takes a transaction lock instead.
 */
class Adapter extends PostgresAdapter {
  override async acquireMigrationLock() {}
  override async releaseMigrationLock() {}
}

/** Parses 64-bit integers (instants, counts) as numbers: 2⁵³ ms are 285,000 years. */
const parserOf: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format);

/** Turns connection errors into `StoreUnreachable`, and discards connections that had one. */
function adaptPool(pool: PostgresPool): PostgresPool {
  // `pool.end()` sends the termination message on idle connections synchronously.
  const unregister = closeAtExit(() => void pool.end());
  return {
    options: pool.options,
    end: () => {
      unregister();
      return pool.end();
    },
    async connect() {
      try {
        return adaptClient(await pool.connect());
      } catch (error) {
        throw toStoreError(error);
      }
    },
  };
}

function adaptClient(client: PostgresPoolClient): PostgresPoolClient {
  let isBroken = false;

  async function run<R>(sql: string, parameters: readonly unknown[]) {
    if (isBroken) {
      throw new StoreUnreachable('the connection was lost during the transaction');
    }
    try {
      return await client.query<R>(sql, parameters);
    } catch (error) {
      const storeError = toStoreError(error);
      isBroken = storeError instanceof StoreUnreachable;
      throw storeError;
    }
  }

  function query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query<R>(
    sql: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof sql !== 'string') {
      throw new Error('cursors are not supported');
    }
    return run<R>(sql, parameters);
  }

  return { query, release: (isDiscarded) => client.release(isDiscarded === true || isBroken) };
}

/** Returns the server's own errors unchanged; any other error becomes `StoreUnreachable`. */
function toStoreError(error: unknown): unknown {
  return error instanceof pg.DatabaseError
    ? error
    : new StoreUnreachable('the database does not respond', { cause: error });
}
