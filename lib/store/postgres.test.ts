import { sql } from 'kysely';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  createDatabase,
  execute,
  type PostgresServer,
  startPostgres,
} from '#tests/support/postgres.ts';
import { newPhoneNumber } from '#tests/support/test-login.ts';
import { advanceAttempt, endAttempt, insertAttempt } from './attempts.ts';
import { findAndConfirmAttempt } from './browsers.ts';
import { leaseCheck, scheduleCheckForPerson } from './checks.ts';
import { durableTransaction } from './dialect.ts';
import { isStoreFailure } from './failure.ts';
import { migrate } from './migrate.ts';
import { openStore, prepareStore } from './open.ts';
import type { Queries, Store } from './schema.ts';
import { findUserByPhoneNumber, findUsers, insertUser } from './users.ts';

/** A server of its own, which these tests stop and freeze. */
let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  return () => server.remove();
}, 60_000);

async function openDatabase(poolSize = 3): Promise<{ url: string; store: Store }> {
  const url = await createDatabase(server.url);
  const store = openStore({ kind: 'postgres', url, poolSize, connectMs: 1_000 });
  onTestFinished(() => store.destroy());
  return { url, store };
}

const query = (store: Store) => sql<{ one: number }>`select 1 as one`.execute(store);

/** A migrated database over one connection. */
async function openMigrated(): Promise<{ store: Store }> {
  const { url, store } = await openDatabase(1);
  await prepareStore({ kind: 'postgres', url, poolSize: 1 }, store);
  return { store };
}

/** The statements that a connection keeps, in the order of their first use. */
async function namedStatements(store: Store): Promise<string[]> {
  const { rows } = await sql<{ statement: string }>`
    select statement from pg_prepared_statements order by prepare_time`.execute(store);
  return rows.map(({ statement }) => statement);
}

/** Runs something that must fail. @returns its error and the milliseconds it took. */
async function failureOf(run: () => Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const since = performance.now();
  try {
    await run();
  } catch (error) {
    return { error, ms: performance.now() - since };
  }
  throw new Error('expected a failure');
}

describe('a PostgreSQL store', () => {
  it('parses 64-bit integers as numbers without changing the global parsers of pg', async () => {
    const { store } = await openDatabase();
    const { rows } =
      await sql`select 1793491200000::bigint as at, count(*) from (select) as none`.execute(store);
    expect(rows).toEqual([{ at: 1_793_491_200_000, count: 1 }]);
    const { default: pg } = await import('pg');
    expect(pg.types.getTypeParser(pg.types.builtins.INT8)('1')).toBe('1');
  });

  it('is migrated once by processes that boot at the same time', async () => {
    const { url } = await openDatabase();
    const place = { kind: 'postgres', url, poolSize: 2 } as const;
    const stores = Array.from({ length: 5 }, () => openStore(place));
    onTestFinished(async () => {
      await Promise.all(stores.map((store) => store.destroy()));
    });
    await Promise.all(stores.map((store) => prepareStore(place, store)));
    const [store] = stores;
    if (store === undefined) {
      throw new Error('no store');
    }
    expect(await migrate(store)).toEqual({ done: [], newer: [] });
    await insertUser(store, { id: 'user', phoneNumber: newPhoneNumber(), createdAt: 1 });
    expect(await findUsers(store)).toHaveLength(1);
  });

  it('finds an attempt by its primary key, even with plans from a time when there were none', async () => {
    const { store } = await openMigrated();
    await sql`alter table attempts set (autovacuum_enabled = false)`.execute(store);
    await sql`vacuum analyze attempts`.execute(store);
    const work = async (id: string, queries: Queries) => {
      const isLeased = await leaseCheck(queries, id, 'pending', { now: 1, leasedUntil: 5 });
      await scheduleCheckForPerson(queries, id, 2);
      const verified = { from: 'pending', to: 'verified', by: 'check' } as const;
      await advanceAttempt(queries, id, { ...verified, verifiedAt: 2, expiresAt: 9 });
      const isEnded = await endAttempt(queries, id, { to: 'cancelled', by: 'cancel', endedAt: 3 });
      return isLeased && isEnded;
    };
    // PostgreSQL keeps the plan of a named statement once it has run some times.
    for (let count = 0; count < 10; count += 1) {
      expect(await work('missing', store)).toBe(false);
    }
    await sql`
      insert into attempts (id, token_hash, callback_token_hash, browser_hash, browser_token_hash,
        phone_number, state, pauth_session_id, created_at, expires_at, next_check_at,
        check_leased_until, check_failures)
      select name, name, name, name, name, '+818012345678', 'pending', name, 1, 2, 0, 0, 0
      from (select 'live-' || n as name from generate_series(1, 2000) as n) as names
    `.execute(store);
    await store.transaction().execute(async (transaction) => {
      expect(await work('live-7', transaction)).toBe(true);
      const { rows } = await sql<{ scanned: number; live: number }>`
        select pg_stat_get_xact_tuples_returned('attempts'::regclass) as scanned,
          pg_stat_get_xact_tuples_returned('attempts_not_ended_per_browser'::regclass) as live
      `.execute(transaction);
      expect(rows).toEqual([{ scanned: 0, live: 0 }]);
    });
  });

  it('waits for the disk as its server is configured to in durable transactions alone', async () => {
    await execute(server.url, 'alter role postgres set synchronous_commit = remote_write');
    onTestFinished(async () => {
      await execute(server.url, 'alter role postgres reset synchronous_commit');
    });
    const { store } = await openDatabase();
    const setting = async (queries: Queries) => {
      const { rows } = await sql<{ setting: string }>`
        select current_setting('synchronous_commit') as setting`.execute(queries);
      return rows[0]?.setting;
    };
    expect(await durableTransaction(store, setting)).toBe('remote_write');
    expect(await store.transaction().execute(setting)).toBe('off');
    expect(await setting(store)).toBe('off');
  });

  it('names its statements, so that each connection parses and plans them once', async () => {
    const { store } = await openMigrated();
    const phoneNumber = newPhoneNumber();
    await insertUser(store, { id: 'user', phoneNumber, createdAt: 1 });
    for (let count = 0; count < 3; count += 1) {
      expect(await findUserByPhoneNumber(store, phoneNumber)).toMatchObject({ id: 'user' });
    }
    expect(await namedStatements(store)).toEqual([
      expect.stringContaining('insert into "users"'),
      expect.stringContaining('from "users" where "phone_number"'),
    ]);
  });

  it('goes on when a migration of a newer version adds a column', async () => {
    const { store } = await openMigrated();
    const phoneNumber = newPhoneNumber();
    await insertUser(store, { id: 'user', phoneNumber, createdAt: 1 });
    for (const column of ['one', 'two']) {
      const user = await findUserByPhoneNumber(store, phoneNumber);
      expect(await findUsers(store)).toHaveLength(1);
      await sql`alter table users add column ${sql.ref(column)} text`.execute(store);
      expect(await findUserByPhoneNumber(store, phoneNumber)).toEqual(user);
      expect(await findUsers(store)).toHaveLength(1);
    }
  });

  it('stops to name statements where a pooler that says nothing of itself has lost one', async () => {
    const { store } = await openMigrated();
    const phoneNumber = newPhoneNumber();
    await findUserByPhoneNumber(store, phoneNumber);
    await sql`deallocate all`.execute(store);
    const { error } = await failureOf(() => findUserByPhoneNumber(store, phoneNumber));
    expect(isStoreFailure(error)).toBe(true);
    expect(await findUserByPhoneNumber(store, phoneNumber)).toBeNull();
    expect(await namedStatements(store)).toEqual([]);
  });

  it('finds an attempt that is confirmed already while it only reads, and says that it cannot confirm another', async () => {
    const { url, store } = await openDatabase(1);
    await prepareStore({ kind: 'postgres', url, poolSize: 1 }, store);
    for (const id of ['confirmed', 'new']) {
      await insertAttempt(store, {
        id,
        token_hash: id,
        callback_token_hash: id,
        browser_hash: id,
        browser_token_hash: id,
        phone_number: newPhoneNumber(),
        created_at: 1,
        expires_at: 9,
      });
    }
    expect(await findAndConfirmAttempt(store, 'confirmed', 2)).toMatchObject({ confirmed_at: 2 });
    const place = new URL(url);
    place.searchParams.set('options', '-c default_transaction_read_only=on');
    const reading = openStore({ kind: 'postgres', url: place.href, poolSize: 1 });
    onTestFinished(() => reading.destroy());
    expect(await findAndConfirmAttempt(reading, 'confirmed', 3)).toMatchObject({ confirmed_at: 2 });
    const { error } = await failureOf(() => findAndConfirmAttempt(reading, 'new', 3));
    expect(isStoreFailure(error)).toBe(true);
    expect(await findAndConfirmAttempt(store, 'missing', 3)).toBeNull();
  });

  it('fails a query that waits a second for a connection, and serves those that have one', async () => {
    const { store } = await openDatabase(1);
    await store.transaction().execute(async (transaction) => {
      const { error } = await failureOf(() => query(store));
      expect(isStoreFailure(error)).toBe(true);
      expect((await query(transaction)).rows).toEqual([{ one: 1 }]);
    });
    expect((await query(store)).rows).toEqual([{ one: 1 }]);
  });

  it('times out slow statements and waits for locks', async () => {
    const { store } = await openDatabase();
    const slow = await failureOf(() => sql`select pg_sleep(10)`.execute(store));
    expect(isStoreFailure(slow.error)).toBe(true);
    expect(slow.error).toMatchObject({ code: '57014' });

    await sql`create table locked (id int)`.execute(store);
    await store.transaction().execute(async (transaction) => {
      await sql`lock table locked`.execute(transaction);
      const waiting = await failureOf(() => sql`select * from locked`.execute(store));
      expect(isStoreFailure(waiting.error)).toBe(true);
      expect(waiting.error).toMatchObject({ code: '55P03' });
    });
    expect((await query(store)).rows).toEqual([{ one: 1 }]);
  });

  it.each(['SIGINT', 'SIGQUIT'] as const)(
    'fails as a store failure while the server is down (%s), and recovers with it',
    async (signal) => {
      const { store } = await openDatabase();
      await query(store);
      const during = failureOf(() =>
        store.transaction().execute(async (transaction) => {
          await query(transaction);
          await server.stop(signal);
          await query(transaction);
        }),
      );
      expect(isStoreFailure((await during).error)).toBe(true);
      for (let count = 0; count < 5; count += 1) {
        expect(isStoreFailure((await failureOf(() => query(store))).error)).toBe(true);
      }
      await server.start();
      expect((await query(store)).rows).toEqual([{ one: 1 }]);
    },
  );

  it('gives a hung server three seconds and then discards the connections', async () => {
    const { store } = await openDatabase();
    await query(store);
    const thaw = await server.freeze();
    try {
      const first = await failureOf(() => store.transaction().execute(query));
      expect(isStoreFailure(first.error)).toBe(true);
      expect(first.ms).toBeLessThan(10_000);
      const second = await failureOf(() => query(store));
      expect(isStoreFailure(second.error)).toBe(true);
      expect(second.ms).toBeLessThan(10_000);
    } finally {
      thaw();
    }
    expect((await query(store)).rows).toEqual([{ one: 1 }]);
  });

  it.each([
    ['a bug', 'select no_such_column', false],
    ['a duplicate row', 'insert into pair values (1)', false],
    ['a read-only server', 'insert into pair values (2)', true],
  ])('classifies %s: %s', async (_what, statement, isFailure) => {
    const { url, store } = await openDatabase();
    await sql`create table pair (id int primary key)`.execute(store);
    await sql`insert into pair values (1)`.execute(store);
    const place = new URL(url);
    if (isFailure) {
      place.searchParams.set('options', '-c default_transaction_read_only=on');
    }
    const other = openStore({ kind: 'postgres', url: place.href, poolSize: 1 });
    onTestFinished(() => other.destroy());
    const { error } = await failureOf(() => sql.raw(statement).execute(other));
    expect(isStoreFailure(error)).toBe(isFailure);
  });

  it('fails as a store failure when the server, database or user does not exist', async () => {
    const { url } = await openDatabase();
    const urls = [
      url.replace(/:\d+\//, ':1/'),
      url.replace(/[^/]+$/, 'no_such_database'),
      url.replace('postgres@', 'nobody@'),
    ];
    for (const wrongUrl of urls) {
      const store = openStore({ kind: 'postgres', url: wrongUrl, poolSize: 1 });
      const { error } = await failureOf(() => query(store));
      expect(isStoreFailure(error), wrongUrl).toBe(true);
      await store.destroy();
    }
  });
});
