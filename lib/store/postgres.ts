import 'server-only';
import type { PostgresCursor, PostgresQueryResult } from 'kysely';
import {
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
} from 'kysely';
import pg from 'pg';
import * as z from 'zod';
import { closeAtExit } from './at-exit.ts';
import { StoreUnreachable } from './failure.ts';
import type { Store, Tables } from './schema.ts';

/** How long the database may keep a request waiting. */
export interface Patience {
  /** For a connection, free or new. */
  connectMs: number;
  /** For a lock that another transaction holds. */
  lockMs: number;
  /** For one statement, on the server. */
  statementMs: number;
  /** For its answer, where the server itself says nothing any more. */
  answerMs: number;
}

/** So that a request is answered within a few seconds, whatever the database does. */
const ordinary: Patience = { connectMs: 1_000, lockMs: 1_000, statementMs: 2_000, answerMs: 3_000 };

/** For changing the tables, which takes as long as they are large; 0 is no limit. */
export const forMigrations: Patience = {
  connectMs: 5_000,
  lockMs: 60_000,
  statementMs: 0,
  answerMs: 0,
};

/** After how long an unused connection is closed. */
const IDLE_MS = 30_000;

/** A process that stopped in mid-transaction lets go of its locks after this time. */
const IDLE_IN_TRANSACTION_MS = 5_000;

/**
 * Opens a PostgreSQL database; it connects when it is first used, and again when the server was away.
 *
 * @param url `postgres://…`
 * @param poolSize how many connections this process uses at most. Whoever waits for one longer than
 * a second is told that the database is not available.
 */
export function openPostgres(url: string, poolSize: number, patience = ordinary): Store {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: patience.connectMs,
    lock_timeout: patience.lockMs,
    statement_timeout: patience.statementMs,
    query_timeout: patience.answerMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    application_name: 'call-login',
    types: { getTypeParser: parserOf },
  });
  // A connection that breaks between two statements says so here, and again with the next of them.
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
 * Without Kysely's own lock for migrations, which outlives a transaction: a pooler in front of the server
 * would let it lie with a connection that the next statement does not get. See `migrate` for ours.
 */
class Adapter extends PostgresAdapter {
  override async acquireMigrationLock() {}
  override async releaseMigrationLock() {}
}

/** Instants and counts are 64-bit integers there, and numbers here: 2⁵³ ms last for 285,000 years. */
const parserOf: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format);

const serverErrorSchema = z.object({ code: z.string().length(5), severity: z.string() });

/** Tells a server that does not answer from one that refuses, and never uses its connection again. */
function adaptPool(pool: PostgresPool): PostgresPool {
  // To a connection that is free, the word that it ends is sent at once; nobody waits for the answer.
  const forget = closeAtExit(() => void pool.end());
  return {
    options: pool.options,
    end: () => {
      forget();
      return pool.end();
    },
    async connect() {
      try {
        return adaptClient(await pool.connect());
      } catch (error) {
        throw explain(error);
      }
    },
  };
}

function adaptClient(client: PostgresPoolClient): PostgresPoolClient {
  let isBroken = false;

  async function ask<R>(sql: string, parameters: readonly unknown[]) {
    if (isBroken) {
      throw new StoreUnreachable('the connection was lost in mid-transaction');
    }
    try {
      return await client.query<R>(sql, parameters);
    } catch (error) {
      const explained = explain(error);
      isBroken = explained instanceof StoreUnreachable;
      throw explained;
    }
  }

  function query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query<R>(
    sql: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof sql !== 'string') {
      throw new Error('no query here reads its rows one by one');
    }
    return ask<R>(sql, parameters);
  }

  return { query, release: (isDiscarded) => client.release(isDiscarded === true || isBroken) };
}

/** What the server said, or that it said nothing. */
function explain(error: unknown): unknown {
  return serverErrorSchema.safeParse(error).success
    ? error
    : new StoreUnreachable('the database does not answer', { cause: error });
}
