import { sql } from 'kysely';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createDatabase, type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import { newPhoneNumber } from '#tests/support/test-login.ts';
import { advanceAttempt, endAttempt } from './attempts.ts';
import { leaseCheck, scheduleCheckForPerson } from './checks.ts';
import { isStoreFailure } from './failure.ts';
import { migrate } from './migrate.ts';
import { openStore, prepareStore } from './open.ts';
import type { Store } from './schema.ts';
import { findUsers, insertUser } from './users.ts';

/** A server that these tests may stop, and freeze. */
let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  return () => server.remove();
}, 60_000);

async function openDatabase(poolSize = 3): Promise<{ url: string; store: Store }> {
  const url = await createDatabase(server.url);
  const store = openStore({ kind: 'postgres', url, poolSize });
  onTestFinished(() => store.destroy());
  return { url, store };
}

const ask = (store: Store) => sql<{ one: number }>`select 1 as one`.execute(store);

/** What a query fails with, and after how long. */
async function failureOf(query: () => Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const since = performance.now();
  try {
    await query();
  } catch (error) {
    return { error, ms: performance.now() - since };
  }
  throw new Error('it did not fail');
}

describe('a PostgreSQL store', () => {
  it('answers 64-bit integers as numbers, here and nowhere else in the process', async () => {
    const { store } = await openDatabase();
    const { rows } =
      await sql`select 1793491200000::bigint as at, count(*) from (select) as none`.execute(store);
    expect(rows).toEqual([{ at: 1_793_491_200_000, count: 1 }]);
    const { default: pg } = await import('pg');
    expect(pg.types.getTypeParser(pg.types.builtins.INT8)('1')).toBe('1');
  });

  it('is brought up to date once by any number of processes that boot together', async () => {
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

  it('finds an attempt by its id, whatever the statistics say of live ones', async () => {
    const { url, store } = await openDatabase();
    await prepareStore({ kind: 'postgres', url, poolSize: 3 }, store);
    const add = async (kind: string, state: string, count: number) =>
      await sql`
        insert into attempts (id, token_hash, callback_token_hash, browser_hash, browser_token_hash,
          phone_number, state, pauth_session_id, created_at, expires_at, next_check_at,
          check_leased_until, check_failures)
        select name, name, name, name, name, '+818012345678', ${state}, name, 1, 2, 0, 0, 0
        from (select ${kind}::text || n as name from generate_series(1, ${count}::int) as n) as names
      `.execute(store);
    await sql`alter table attempts set (autovacuum_enabled = false)`.execute(store);
    await add('old-', 'completed', 20_000);
    await sql`analyze attempts`.execute(store);
    await add('live-', 'pending', 300);

    await store.transaction().execute(async (transaction) => {
      const readOfIndex = async () => {
        const { rows } = await sql<{ count: number }>`
          select pg_stat_get_xact_tuples_returned('attempts_live_per_browser'::regclass) as count
        `.execute(transaction);
        return rows[0]?.count;
      };
      expect(await leaseCheck(transaction, 'live-7', { now: 1, leasedUntil: 5 })).toBe(true);
      await scheduleCheckForPerson(transaction, 'live-7', 2);
      const step = { from: 'pending', to: 'verified', expiresAt: 9 } as const;
      expect(await advanceAttempt(transaction, 'live-7', step)).toBe(true);
      const end = { state: 'cancelled', endedAt: 3 } as const;
      expect(await endAttempt(transaction, 'live-7', end)).toBe(true);
      expect(await readOfIndex()).toBe(0);
    });
  });

  it('refuses a request that waits a second for a connection, and serves the ones that have one', async () => {
    const { store } = await openDatabase(1);
    const busy = sql`select pg_sleep(1.5)`.execute(store);
    const { error, ms } = await failureOf(() => ask(store));
    expect(isStoreFailure(error)).toBe(true);
    expect(ms).toBeLessThan(1_400);
    await busy;
    expect((await ask(store)).rows).toEqual([{ one: 1 }]);
  });

  it('ends a statement that takes too long, and a wait for a lock', async () => {
    const { store } = await openDatabase();
    const slow = await failureOf(() => sql`select pg_sleep(10)`.execute(store));
    expect(isStoreFailure(slow.error)).toBe(true);
    expect(slow.ms).toBeLessThan(2_800);

    await sql`create table locked (id int)`.execute(store);
    await store.transaction().execute(async (transaction) => {
      await sql`lock table locked`.execute(transaction);
      const waiting = await failureOf(() => sql`select * from locked`.execute(store));
      expect(isStoreFailure(waiting.error)).toBe(true);
      expect(waiting.ms).toBeLessThan(1_800);
    });
    expect((await ask(store)).rows).toEqual([{ one: 1 }]);
  });

  it.each(['SIGINT', 'SIGQUIT'] as const)(
    'is a failure of the store while the server is away (%s), and works again when it is back',
    async (signal) => {
      const { store } = await openDatabase();
      await ask(store);
      const inside = failureOf(() =>
        store.transaction().execute(async (transaction) => {
          await ask(transaction);
          await server.stop(signal);
          await ask(transaction);
        }),
      );
      expect(isStoreFailure((await inside).error)).toBe(true);
      for (let count = 0; count < 5; count += 1) {
        expect(isStoreFailure((await failureOf(() => ask(store))).error)).toBe(true);
      }
      await server.start();
      expect((await ask(store)).rows).toEqual([{ one: 1 }]);
    },
  );

  it('gives a server that hangs three seconds, and its connections up', async () => {
    const { store } = await openDatabase();
    await ask(store);
    const thaw = await server.freeze();
    try {
      const first = await failureOf(() => store.transaction().execute(ask));
      expect(isStoreFailure(first.error)).toBe(true);
      expect(first.ms).toBeLessThan(4_500);
      const second = await failureOf(() => ask(store));
      expect(isStoreFailure(second.error)).toBe(true);
      expect(second.ms).toBeLessThan(2_000);
    } finally {
      thaw();
    }
    expect((await ask(store)).rows).toEqual([{ one: 1 }]);
  }, 20_000);

  it.each([
    ['a mistake of ours', 'select no_such_column', false],
    ['a row that is there already', 'insert into pair values (1)', false],
    ['a server that only reads', 'insert into pair values (2)', true],
  ])('tells %s from a failure: %s', async (_what, statement, isFailure) => {
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

  it('is a failure of the store where there is no such server, database or user', async () => {
    const { url } = await openDatabase();
    const nowhere = [
      url.replace(/:\d+\//, ':1/'),
      url.replace(/[^/]+$/, 'no_such_database'),
      url.replace('postgres@', 'nobody@'),
    ];
    for (const place of nowhere) {
      const store = openStore({ kind: 'postgres', url: place, poolSize: 1 });
      const { error } = await failureOf(() => ask(store));
      expect(isStoreFailure(error), place).toBe(true);
      await store.destroy();
    }
  });
});
