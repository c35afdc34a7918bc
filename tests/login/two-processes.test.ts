import { afterAll, describe, expect, it } from 'vitest';
import type { StartedAttempt } from '#lib/login/browsers.ts';
import { handleCallback } from '#lib/login/callback.ts';
import { checkIfDue } from '#lib/login/check.ts';
import { startAttempt } from '#lib/login/start.ts';
import { insertUser } from '#lib/store/users.ts';
import { type Sandbox, startSandbox } from '#sandbox/server.ts';
import { waitUntilBlocked } from '#tests/support/blocked.ts';
import { startOtherProcess } from '#tests/support/other-process.ts';
import { provideSharedDatabase } from '#tests/support/stores.ts';
import {
  FIRST_CHECK_MS,
  openLogin,
  TEST_CLIENT,
  TEST_NETWORK,
  type TestLogin,
} from '#tests/support/test-login.ts';

/** A vendor with a single call number, and one with a call number for each attempt. */
const careless = await startSandbox({ callbacks: 'off', call_numbers: 'shared' });
const careful = await startSandbox({ callbacks: 'off' });
const other = await startOtherProcess();
afterAll(() => Promise.all([careless.close(), careful.close(), other.stop()]));

const ROUNDS = Array.from({ length: 5 }, (_, index) => index + 1);

async function verify(login: TestLogin, started: StartedAttempt): Promise<void> {
  await login.call(started);
  await handleCallback(login.deps, await login.callbackTokenOf(started));
  expect(await login.stored(started)).toMatchObject({ state: 'verified' });
}

/** Logins served by this process and another, each with its own database connections. */
async function openInBoth(sandbox: Sandbox) {
  const login = await openLogin(sandbox, { database: await provideSharedDatabase() });
  const runInOther = await other.join(login, sandbox);
  const pollInOther = ({ attemptToken }: StartedAttempt) =>
    runInOther({ kind: 'poll', attemptToken, client: { info: TEST_CLIENT } });
  return { login, runInOther, pollInOther };
}

describe('concurrently in two processes', () => {
  it.each(ROUNDS)('verified rival attempts log nobody in (%i)', async () => {
    const { login, pollInOther } = await openInBoth(careless);
    const mine = await login.start();
    const theirs = await login.start('theirs');
    await verify(login, mine);
    await handleCallback(login.deps, await login.callbackTokenOf(theirs));
    const outcomes = await Promise.all([
      pollInOther(theirs),
      pollInOther(mine),
      login.poll(mine),
      login.poll(theirs),
    ]);
    expect(outcomes).toMatchObject(Array(4).fill({ status: 'contested' }));
    expect(await login.countSessions()).toBe(0);
    expect((await login.eventTypes()).filter((type) => type === 'attempt_contested')).toHaveLength(
      2,
    );
  });

  it.each(ROUNDS)('twenty polls of one attempt create one session (%i)', async () => {
    const { login, pollInOther } = await openInBoth(careful);
    const started = await login.start();
    await verify(login, started);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0 ? pollInOther(started) : login.poll(started),
      ),
    );
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    expect(outcomes[0]).toMatchObject({ status: 'completed', sessionToken: expect.any(String) });
    expect(await login.countSessions()).toBe(1);
    expect((await login.eventTypes()).filter((type) => type === 'attempt_completed')).toHaveLength(
      1,
    );
  });

  it('inserts of one number add one user', async () => {
    const { login, runInOther } = await openInBoth(careful);
    const { phoneNumber } = login;
    const added = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const user = { id: `user ${index}`, phoneNumber, createdAt: login.clock.now() };
        return index % 2 === 0
          ? runInOther({ kind: 'add user', user })
          : insertUser(login.store, user);
      }),
    );
    expect(added.filter(Boolean)).toHaveLength(1);
    expect(await login.store.selectFrom('users').selectAll().execute()).toHaveLength(1);
  });

  it.each(ROUNDS)('starts of one browser leave one live attempt (%i)', async () => {
    const { login, runInOther } = await openInBoth(careful);
    const { phoneNumber } = login;
    const { browserToken } = await login.start();
    const browser = { browserToken, network: TEST_NETWORK };
    const starts = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        index % 2 === 0
          ? runInOther({ kind: 'start', phoneNumber, browser })
          : startAttempt(login.deps, phoneNumber, browser),
      ),
    );
    for (const start of starts) {
      expect(start).toEqual(
        expect.toBeOneOf([
          expect.objectContaining({ ok: true }),
          { ok: false, error: expect.objectContaining({ code: 'attempt_cancelled' }) },
        ]),
      );
    }
    const attempts = await login.store.selectFrom('attempts').select('state').execute();
    expect(attempts.map(({ state }) => state).toSorted()).toEqual([
      ...Array(6).fill('cancelled'),
      'pending',
    ]);
  });

  it.each(ROUNDS)('a login while its user is being disabled leaves no session (%i)', async () => {
    const { login, runInOther } = await openInBoth(careful);
    const { phoneNumber } = login;
    const first = await login.start();
    await verify(login, first);
    await login.poll(first);
    const again = await login.start('theirs');
    login.clock.advance(1_000);
    await verify(login, again);
    const [, outcome] = await Promise.all([
      runInOther({ kind: 'disable user', phoneNumber }),
      login.poll(again),
    ]);
    expect(['completed', 'failed']).toContain(outcome.status);
    expect(await login.countSessions()).toBe(0);
  });

  it.each(ROUNDS)('twenty polls of one attempt cause one check (%i)', async () => {
    const { login, pollInOther } = await openInBoth(careful);
    const started = await login.start();
    const { phoneNumber } = login;
    await login.control.addFault({ kind: 'delay', delay_ms: 50, phone_number: phoneNumber });
    login.clock.advance(FIRST_CHECK_MS);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0 ? pollInOther(started) : login.poll(started),
      ),
    );
    expect(outcomes).toMatchObject(Array(20).fill({ status: 'pending' }));
    expect(await login.countRequests('check')).toBe(1);
  });

  it.each(ROUNDS)('an expired attempt is not ended during its last check (%i)', async () => {
    const { login, runInOther } = await openInBoth(careful);
    const started = await login.start();
    await login.call(started);
    login.clock.advance(started.attempt.expires_at - login.clock.now());
    const { phoneNumber } = login;
    await login.control.addFault({
      kind: 'delay',
      delay_ms: 200,
      match: 'check',
      phone_number: phoneNumber,
    });
    const attempt = await login.stored(started);
    await Promise.all([
      runInOther({ kind: 'check', attemptId: attempt.id }),
      checkIfDue(login.deps, attempt),
    ]);
    expect(await login.stored(started)).toMatchObject({ state: 'verified' });
    expect(await login.countRequests('check')).toBe(1);
  });

  it('a pAuth session reused for two attempts is stored for one of them', async () => {
    const { login, runInOther } = await openInBoth(careful);
    const mine = await login.start();
    const theirs = await login.start('theirs');
    const pauthSession = { pauthSessionId: 'reused', callNumber: mine.attempt.call_number };
    const second = await login.store.transaction().execute(async (transaction) => {
      await transaction
        .updateTable('attempts')
        .set({ pauth_session_id: pauthSession.pauthSessionId })
        .where('id', '=', mine.attempt.id)
        .execute();
      const attemptId = theirs.attempt.id;
      const waiting = runInOther({ kind: 'set pAuth session', attemptId, pauthSession });
      await waitUntilBlocked(login.store);
      // Not awaited here: it waits for this transaction.
      return { waiting };
    });
    expect(await second.waiting).toBeNull();
  });
});
