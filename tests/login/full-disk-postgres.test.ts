import { sql } from 'kysely';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { handleCallback } from '#lib/login/callback.ts';
import { startAttempt } from '#lib/login/start.ts';
import { isUnwritable } from '#lib/store/failure.ts';
import type { Store } from '#lib/store/schema.ts';
import { startSandbox } from '#sandbox/server.ts';
import { newPhoneNumber, openLogin, TEST_NETWORK } from '#tests/support/test-login.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

/** Makes writes to a table fail with PostgreSQL's disk-full error. @returns a function that undoes it. */
async function fillDiskFor(store: Store, table: string): Promise<() => Promise<void>> {
  await sql`
    create function raise_disk_full() returns trigger language plpgsql as
    $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$
  `.execute(store);
  await sql`
    create trigger full_disk before insert or update on ${sql.table(table)}
    for each row execute function raise_disk_full()
  `.execute(store);
  const freeSpace = async () => {
    await sql`drop function if exists raise_disk_full cascade`.execute(store);
  };
  onTestFinished(freeSpace);
  return freeSpace;
}

async function errorOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
    return null;
  } catch (error) {
    return error;
  }
}

/** The tables that each of them writes to. `events` is written last in its transaction. */
const tablesOfStart = ['attempts', 'events'];
const tablesOfLogin = ['users', 'attempts', 'sessions', 'events'];

describe('on a full disk', () => {
  it.each(tablesOfStart)('a start is rolled back when %s has no space', async (table) => {
    const login = await openLogin(sandbox);
    const freeSpace = await fillDiskFor(login.store, table);
    const start = () => startAttempt(login.deps, newPhoneNumber(), { network: TEST_NETWORK });
    expect(await errorOf(start)).toSatisfy(isUnwritable);
    expect(await login.store.selectFrom('attempts').selectAll().execute()).toEqual([]);
    expect(await login.eventTypes()).toEqual([]);

    await freeSpace();
    expect(await start()).toMatchObject({ ok: true });
  });

  it.each(tablesOfLogin)('a login is rolled back when %s has no space', async (table) => {
    const login = await openLogin(sandbox);
    const waiting = await login.start();
    await login.call(waiting);
    await handleCallback(login.deps, await login.callbackTokenOf(waiting));
    const before = await login.eventTypes();

    const freeSpace = await fillDiskFor(login.store, table);
    expect(await errorOf(() => login.poll(waiting))).toSatisfy(isUnwritable);
    expect(await login.countSessions()).toBe(0);
    expect(await login.store.selectFrom('users').selectAll().execute()).toEqual([]);
    expect(await login.eventTypes()).toEqual(before);
    expect(await login.stored(waiting)).toMatchObject({ state: 'verified' });

    await freeSpace();
    expect(await login.poll(waiting)).toMatchObject({ status: 'completed' });
    expect(await login.countSessions()).toBe(1);
  });
});
