import { sql } from 'kysely';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { startSandbox } from '#sandbox/server.ts';
import { openLogin, TEST_NETWORK, TEST_WHEREABOUTS, type TestLogin } from '#testing/login-parts.ts';
import { setPauthSession } from '../store/attempts.ts';
import { isPostgres } from '../store/dialect.ts';
import type { Store } from '../store/schema.ts';
import { insertUser } from '../store/users.ts';
import { disableUser } from '../users/manage.ts';
import { takeCallback } from './callback.ts';
import { checkIfDue } from './check.ts';
import type { LoginParts } from './parts.ts';
import { type PollOutcome, pollAttempt } from './poll.ts';
import { type StartedAttempt, startAttempt } from './start.ts';

/** A vendor that gives one number to call to everybody, and one that gives each its own. */
const careless = await startSandbox({ callbacks: 'off', callNumbers: 'shared' });
const careful = await startSandbox({ callbacks: 'off' });
afterAll(() => Promise.all([careless.close(), careful.close()]));

const ROUNDS = Array.from({ length: 5 }, (_, index) => index + 1);

async function verify(login: TestLogin, started: StartedAttempt): Promise<void> {
  await login.call(started);
  await takeCallback(login.parts, await login.callbackTokenOf(started));
  expect(await login.stored(started)).toMatchObject({ state: 'verified' });
}

function poll(parts: LoginParts, started: StartedAttempt): Promise<PollOutcome> {
  return pollAttempt(parts, started.attemptToken, {
    holdMs: 0,
    isPrompted: false,
    from: TEST_WHEREABOUTS,
  });
}

/** Until a statement waits for another transaction; where one connection is all there is, it does. */
async function waitUntilBlocked(store: Store): Promise<void> {
  if (isPostgres(store)) {
    const query = sql<{ pid: number }>`
      select pid from pg_stat_activity
      where wait_event_type = 'Lock' and datname = current_database()`;
    await vi.waitUntil(async () => (await query.execute(store)).rows.length > 0);
  }
}

describe('at the same moment in two processes', () => {
  it.each(ROUNDS)('rival attempts that are both verified log nobody in (%i)', async () => {
    const login = await openLogin(careless);
    const elsewhere = login.elsewhere();
    const mine = await login.start();
    const theirs = await login.start('theirs');
    await verify(login, mine);
    await takeCallback(login.parts, await login.callbackTokenOf(theirs));
    const outcomes = await Promise.all([
      poll(login.parts, mine),
      poll(elsewhere, theirs),
      poll(elsewhere, mine),
      poll(login.parts, theirs),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('contested'));
    expect(await login.countSessions()).toBe(0);
    expect((await login.eventTypes()).filter((type) => type === 'attempt_contested')).toHaveLength(
      2,
    );
  });

  it.each(ROUNDS)('twenty polls of one attempt make one session (%i)', async () => {
    const login = await openLogin(careful);
    const elsewhere = login.elsewhere();
    const started = await login.start();
    await verify(login, started);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        poll(index % 2 === 0 ? login.parts : elsewhere, started),
      ),
    );
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    expect(outcomes[0]).toMatchObject({ status: 'completed', sessionToken: expect.any(String) });
    expect(await login.countSessions()).toBe(1);
    expect((await login.eventTypes()).filter((type) => type === 'attempt_completed')).toHaveLength(
      1,
    );
  });

  it('one user is added for a number, whoever adds it', async () => {
    const login = await openLogin(careful);
    const stores = [login.store, login.elsewhere().store];
    const { phoneNumber } = login;
    const added = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        insertUser(stores[index % 2] ?? login.store, {
          id: `user ${index}`,
          phoneNumber,
          createdAt: login.clock.now(),
        }),
      ),
    );
    expect(added.filter(Boolean)).toHaveLength(1);
    expect(await login.store.selectFrom('users').selectAll().execute()).toHaveLength(1);
  });

  it.each(ROUNDS)('starts of one browser leave one attempt alive (%i)', async () => {
    const login = await openLogin(careful);
    const elsewhere = login.elsewhere();
    const { browserToken } = await login.start();
    const browser = { browserToken, network: TEST_NETWORK };
    const starts = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        startAttempt(index % 2 === 0 ? login.parts : elsewhere, login.phoneNumber, browser),
      ),
    );
    const codes = starts.map((start) => (start.ok ? 'started' : start.error.code));
    expect(codes.every((code) => code === 'started' || code === 'attempt_cancelled')).toBe(true);
    const attempts = await login.store.selectFrom('attempts').select('state').execute();
    expect(attempts.map(({ state }) => state).toSorted()).toEqual([
      ...Array(6).fill('cancelled'),
      'pending',
    ]);
  });

  it.each(ROUNDS)('a login and its being disabled leave no session behind (%i)', async () => {
    const login = await openLogin(careful);
    const elsewhere = login.elsewhere();
    const first = await login.start();
    await verify(login, first);
    await login.poll(first);
    const again = await login.start('theirs');
    login.clock.advance(1_000);
    await verify(login, again);
    const [outcome] = await Promise.all([
      poll(login.parts, again),
      disableUser(elsewhere, login.phoneNumber),
    ]);
    expect(['completed', 'failed']).toContain(outcome.status);
    expect(await login.countSessions()).toBe(0);
  });

  it.each(ROUNDS)(
    'an attempt whose time is up is not ended while its call is asked about (%i)',
    async () => {
      const login = await openLogin(careful);
      const elsewhere = login.elsewhere();
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
      await Promise.all([checkIfDue(login.parts, attempt), checkIfDue(elsewhere, attempt)]);
      expect(await login.stored(started)).toMatchObject({ state: 'verified' });
    },
  );

  it('one pAuth session given to two attempts goes to one of them', async () => {
    const login = await openLogin(careful);
    const elsewhere = login.elsewhere();
    const mine = await login.start();
    const theirs = await login.start('theirs');
    const reused = { pauthSessionId: 'reused', callNumber: mine.attempt.call_number };
    const now = login.clock.now();
    const second = await login.store.transaction().execute(async (transaction) => {
      expect(await setPauthSession(transaction, mine.attempt.id, reused, now)).not.toBeNull();
      const waiting = setPauthSession(elsewhere.store, theirs.attempt.id, reused, now);
      await waitUntilBlocked(elsewhere.store);
      // Not awaited here: it goes on when this transaction is through.
      return { waiting };
    });
    expect(await second.waiting).toBeNull();
  });
});
