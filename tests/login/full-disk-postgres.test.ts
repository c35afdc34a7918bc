import { sql } from 'kysely';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { takeCallback } from '#lib/login/callback.ts';
import { startAttempt } from '#lib/login/start.ts';
import { isUnwritable } from '#lib/store/failure.ts';
import type { Store } from '#lib/store/schema.ts';
import { startSandbox } from '#sandbox/server.ts';
import { newPhoneNumber, openLogin, TEST_NETWORK } from '#tests/support/test-login.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

/** Has PostgreSQL say of one table what it says when there is no room left for it, until taken back. */
async function fillDiskFor(store: Store, table: string): Promise<() => Promise<void>> {
  await sql`
    create function say_disk_is_full() returns trigger language plpgsql as
    $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$
  `.execute(store);
  await sql`
    create trigger full_disk before insert or update on ${sql.table(table)}
    for each row execute function say_disk_is_full()
  `.execute(store);
  const makeRoom = async () => {
    await sql`drop function if exists say_disk_is_full cascade`.execute(store);
  };
  onTestFinished(makeRoom);
  return makeRoom;
}

async function errorOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
    return null;
  } catch (error) {
    return error;
  }
}

/** Which tables each of them writes to; the last one only at the end of its transaction. */
const tablesOfStart = ['attempts', 'events'];
const tablesOfLogin = ['users', 'attempts', 'sessions', 'events'];

describe('on a full disk', () => {
  it.each(tablesOfStart)('nothing starts by halves when there is no room for %s', async (table) => {
    const login = await openLogin(sandbox);
    const makeRoom = await fillDiskFor(login.store, table);
    const start = () => startAttempt(login.deps, newPhoneNumber(), { network: TEST_NETWORK });
    expect(await errorOf(start)).toSatisfy(isUnwritable);
    expect(await login.store.selectFrom('attempts').selectAll().execute()).toEqual([]);
    expect(await login.eventTypes()).toEqual([]);

    await makeRoom();
    expect(await start()).toMatchObject({ ok: true });
  });

  it.each(tablesOfLogin)('nobody is in by halves when there is no room for %s', async (table) => {
    const login = await openLogin(sandbox);
    const waiting = await login.start();
    await login.call(waiting);
    await takeCallback(login.deps, await login.callbackTokenOf(waiting));
    const before = await login.eventTypes();

    const makeRoom = await fillDiskFor(login.store, table);
    expect(await errorOf(() => login.poll(waiting))).toSatisfy(isUnwritable);
    expect(await login.countSessions()).toBe(0);
    expect(await login.store.selectFrom('users').selectAll().execute()).toEqual([]);
    expect(await login.eventTypes()).toEqual(before);
    expect(await login.stored(waiting)).toMatchObject({ state: 'verified' });

    await makeRoom();
    expect(await login.poll(waiting)).toMatchObject({ status: 'completed' });
    expect(await login.countSessions()).toBe(1);
  });
});
