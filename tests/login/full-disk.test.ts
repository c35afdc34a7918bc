import { sql } from 'kysely';
import { afterAll, expect, it } from 'vitest';
import { readAttemptStatus } from '#lib/login/attempt-status.ts';
import { handleCallback } from '#lib/login/callback.ts';
import { startAttempt } from '#lib/login/start.ts';
import { insertEvents } from '#lib/store/events.ts';
import { isStoreFailure } from '#lib/store/failure.ts';
import { startSandbox } from '#sandbox/server.ts';
import { newPhoneNumber, openLogin, TEST_NETWORK } from '#tests/support/test-login.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

it('an attempt’s call number can be read from a read-only database', async () => {
  const login = await openLogin(sandbox);
  const { attemptToken } = await login.start();
  await sql`pragma query_only = on`.execute(login.store);
  expect(await readAttemptStatus(login.deps, attemptToken)).toMatchObject({ status: 'open' });
});

it('on a full disk starts and completions are rolled back, and logins work again once there is space', async () => {
  const login = await openLogin(sandbox);
  const { store } = login;
  const waiting = await login.start();
  await login.call(waiting);
  await handleCallback(login.deps, await login.callbackTokenOf(waiting));

  // The file cannot grow any more. The remaining space is filled with attempts, then with events.
  await sql`pragma max_page_count = 1`.execute(store);
  const fails = async (work: () => Promise<unknown>) => {
    try {
      await work();
      return false;
    } catch (error) {
      expect(isStoreFailure(error)).toBe(true);
      return true;
    }
  };
  const start = () => startAttempt(login.deps, newPhoneNumber(), { network: TEST_NETWORK });
  let failures = 0;
  for (let count = 0; count < 500 && failures < 20; count += 1) {
    failures += (await fails(start)) ? 1 : 0;
  }
  expect(failures).toBe(20);
  const attempts = await store.selectFrom('attempts').select('id').execute();
  const begun = (await login.eventTypes()).filter((type) => type === 'attempt_started');
  expect(begun).toHaveLength(attempts.length);

  while (!(await fails(() => insertEvents(store, { at: 0, type: 'logged_out' })))) {}
  expect(await fails(() => login.poll(waiting))).toBe(true);
  expect(await login.countSessions()).toBe(0);
  expect(await store.selectFrom('users').selectAll().execute()).toEqual([]);
  expect(await login.stored(waiting)).toMatchObject({ state: 'verified' });

  await sql`pragma max_page_count = 1000000`.execute(store);
  expect(await login.poll(waiting)).toMatchObject({ status: 'completed' });
  expect(await login.countSessions()).toBe(1);
});
