import 'server-only';
import {
  PostgresAdapter,
  type PostgresCursor,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import pg from 'pg';
import { closeAtExit } from './at-exit.ts';
import { type Client, DirectConnections } from './direct-connections.ts';
import { StoreUnreachable } from './failure.ts';
import { openDialect, type Preparation } from './prepared.ts';
import type { Store } from './schema.ts';

/** A PostgreSQL database. */
export interface PostgresPlace {
  kind: 'postgres';
  /** `postgres://…`. May contain a password; says nothing of TLS. */
  url: string;
  /** The most connections of this process. */
  poolSize: number;
  /** Absent without TLS. `ca`: the only certificate authority to trust, in PEM; null for the public ones. */
  tls?: { ca: string | null };
  /** How long a new connection may take, in milliseconds; 3 seconds by default. */
  connectMs?: number;
}

/** How long a request may wait for the database, in milliseconds: a few seconds, whatever it does. */
export const requestTimeouts = {
  /** For a new connection, at least. */
  connectMs: 0,
  /** For one of the connections that are all in use. */
  freeMs: 1_000,
  /** For a lock that another transaction holds. */
  lockMs: 1_000,
  /** For one statement, on the server. */
  statementMs: 2_000,
  /** For a response from a server that has stopped responding. */
  answerMs: 3_000,
};

/** Migrating large tables may take long. 0 means no limit. */
export const migrationTimeouts: typeof requestTimeouts = {
  connectMs: 10_000,
  freeMs: 10_000,
  lockMs: 60_000,
  statementMs: 0,
  answerMs: 0,
};

const CONNECT_MS = 3_000;

/** How long an unused connection stays open. */
const IDLE_MS = 30_000;

/** The server ends the transaction of a stalled process after this time, which releases its locks. */
export const IDLE_IN_TRANSACTION_MS = 5_000;

/**
 * Opens a PostgreSQL database, or a pooler in front of one. Connects on first use and reconnects after an
 * outage. A query that gets no connection within the time limits fails with `StoreUnreachable`.
 *
 * @param prepare see `openDialect`.
 */
export function openPostgres(
  { url, poolSize, tls, connectMs = CONNECT_MS }: Omit<PostgresPlace, 'kind'>,
  timeouts = requestTimeouts,
  prepare?: Preparation,
): Store {
  const limits = {
    statement_timeout: timeouts.statementMs,
    lock_timeout: timeouts.lockMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  };
  const openPool = (startLimits: Partial<typeof limits>) => {
    const pool = new pg.Pool({
      connectionString: url,
      ssl: tls !== undefined && {
        rejectUnauthorized: true,
        ...(tls.ca === null ? {} : { ca: tls.ca }),
      },
      max: poolSize,
      connectionTimeoutMillis: Math.max(connectMs, timeouts.connectMs),
      query_timeout: timeouts.answerMs,
      idleTimeoutMillis: IDLE_MS,
      keepAlive: true,
      application_name: 'call-login',
      types: { getTypeParser: parserOf },
      ...startLimits,
    });
    // A connection that breaks while idle emits an error here, and the next statement on it fails anyway.
    pool.on('connect', (client) => client.on('error', () => {}));
    pool.on('error', () => {});
    return pool;
  };
  // Poolers refuse limits that a connection starts with, or drop them, so there each transaction sets its own.
  const setLimits = Object.entries(limits).map(([name, ms]) => `set local ${name} = ${ms}`);
  const pool = adaptPool(openPool(limits), () => openPool({}), {
    freeMs: timeouts.freeMs,
    beginThroughPooler: ['begin', ...setLimits].join('; '),
  });
  return openDialect(new Dialect({ pool }), prepare);
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

/**
 * Turns connection errors into `StoreUnreachable`, and discards connections that had one.
 *
 * @param reopen opens the pool in whose place another goes that a pooler refused for what it sent.
 * @param freeMs how long to wait for a connection while all are in use, in milliseconds.
 * @param beginThroughPooler begins a transaction on a connection that is not direct.
 */
function adaptPool(
  pool: pg.Pool,
  reopen: () => pg.Pool,
  { freeMs, beginThroughPooler }: { freeMs: number; beginThroughPooler: string },
): PostgresPool {
  let current = pool;
  const direct = new DirectConnections();
  // `pool.end()` sends the termination message on idle connections synchronously.
  const unregister = closeAtExit(() => void current.end());

  async function connect(): Promise<PostgresPoolClient> {
    const tried = current;
    try {
      const client = await checkOut(tried, freeMs);
      try {
        await direct.learn(client);
      } catch (error) {
        client.release(true);
        throw error;
      }
      return adaptClient(client, direct, beginThroughPooler);
    } catch (error) {
      if (!isRefusedParameter(error) || (tried === current && tried !== pool)) {
        throw toStoreError(error);
      }
      if (tried === current) {
        // Those who wait in the old pool are refused as well and come here; it then has no connection.
        current = reopen();
      }
      return await connect();
    }
  }

  return {
    options: pool.options,
    end: () => {
      unregister();
      return current.end();
    },
    connect,
  };
}

/** Whether a pooler refuses a parameter that a connection starts with, as PgBouncer does. */
const isRefusedParameter = (error: unknown) =>
  error instanceof pg.DatabaseError && error.code === '08P01';

/** Waits for a free connection for `freeMs`; for a new one as long as the pool does. */
async function checkOut(pool: pg.Pool, freeMs: number): Promise<pg.PoolClient> {
  const isFree = pool.totalCount < pool.options.max || pool.idleCount > pool.waitingCount;
  const client = pool.connect();
  if (isFree) {
    return await client;
  }
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error('no connection was free'));
    client.then(
      (unused) => unused.release(),
      () => {},
    );
  }, freeMs);
  try {
    return await Promise.race([client, late]);
  } finally {
    clearTimeout(timer);
  }
}

function adaptClient(
  client: Client,
  direct: DirectConnections,
  beginThroughPooler: string,
): PostgresPoolClient {
  let isBroken = false;

  async function run<R>(sql: string, parameters: readonly unknown[]) {
    if (isBroken) {
      throw new StoreUnreachable('the connection was lost during the transaction');
    }
    try {
      const name = direct.nameOf(client, sql, parameters);
      const text = sql === 'begin' && !direct.has(client) ? beginThroughPooler : sql;
      const query = { text, values: [...parameters] };
      return await client.query<R>(name === null ? query : { ...query, name });
    } catch (error) {
      const storeError = direct.isMisled(error)
        ? new StoreUnreachable('a pooler mixes up named statements', { cause: error })
        : toStoreError(error);
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
