import { afterAll, describe, expect, inject, it } from 'vitest';
import { startSandbox } from '#sandbox/server.ts';
import { waitUntilBlocked } from '#tests/support/blocked.ts';
import {
  ATTEMPT_TTL_MS,
  FIRST_CHECK_MS,
  newPhoneNumber,
  openLogin,
  TEST_CLIENT,
  type TestLogin,
} from '#tests/support/test-login.ts';
import { createToken, hashToken } from '../crypto/token.ts';
import { findSession, touchSession } from '../store/sessions.ts';
import { insertUser } from '../store/users.ts';
import { readAttemptStatus } from './attempt-status.ts';
import type { StartedAttempt } from './browsers.ts';
import { handleCallback } from './callback.ts';
import { cancelAttempt } from './cancel.ts';
import { VERIFIED_GRACE_MS } from './check.ts';
import { REDELIVERY_MS } from './deliver.ts';
import { pollAttempt } from './poll.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

/** Brings an attempt to `verified`: its browser's next poll completes it. */
async function verify(login: TestLogin, started: StartedAttempt): Promise<void> {
  await login.call(started);
  await handleCallback(login.deps, await login.callbackTokenOf(started));
}

function missing(): never {
  throw new Error('no such session');
}

async function logIn(login: TestLogin, browserName?: string): Promise<string> {
  const started = await login.start(browserName);
  await verify(login, started);
  const outcome = await login.poll(started);
  if (outcome.status !== 'completed' || outcome.sessionToken === null) {
    throw new Error(`no login: ${outcome.status}`);
  }
  return outcome.sessionToken;
}

describe('completing a login', () => {
  it('creates the user, the session and the events', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.call(started);
    login.clock.advance(FIRST_CHECK_MS);
    const at = login.clock.now();
    const outcome = await login.poll(started);

    const users = await login.store.selectFrom('users').selectAll().execute();
    const sessions = await login.store.selectFrom('sessions').selectAll().execute();
    expect(users).toMatchObject([
      { phone_number: login.phoneNumber, created_at: at, last_login_at: at, disabled_at: null },
    ]);
    expect(sessions).toEqual([
      {
        id_hash: expect.any(String),
        public_id: expect.any(String),
        ...TEST_CLIENT,
        notices_seen_at: at,
        user_id: users[0]?.id,
        created_at: at,
        expires_at: at + login.deps.rules.sessionTtlMs,
        last_used_at: null,
        method: 'call',
        passkey_used_at: null,
      },
    ]);
    expect(outcome).toEqual({ status: 'completed', sessionToken: expect.any(String) });
    expect(await login.eventTypes()).toEqual([
      'attempt_started',
      'attempt_verified',
      'user_created',
      'attempt_completed',
    ]);
    expect(await login.stored(started)).toMatchObject({ state: 'completed', ended_at: at });
  });

  it('calls onFirstLogin at the first login of each user, once it is in the database', async () => {
    const login = await openLogin(sandbox);
    const added = newPhoneNumber();
    await insertUser(login.store, {
      id: 'added',
      phoneNumber: added,
      createdAt: login.clock.now(),
    });
    const called: unknown[] = [];
    login.deps.onFirstLogin = async ({ id, phone_number }) => {
      called.push({ id, phone_number, sessions: await login.countSessions() });
    };
    await logIn(login);
    await logIn(login, createToken());
    const [user] = await login.store
      .selectFrom('users')
      .selectAll()
      .where('id', '!=', 'added')
      .execute();
    const own = { id: user?.id, phone_number: login.phoneNumber, sessions: 1 };
    expect(called).toEqual([own]);

    const started = await login.start(createToken(), added);
    await verify(login, started);
    await Promise.all([login.poll(started), login.poll(started)]);
    expect(called).toEqual([own, { id: 'added', phone_number: added, sessions: 3 }]);
  });

  it('logs in although onFirstLogin throws, which is logged', async () => {
    const login = await openLogin(sandbox);
    login.deps.onFirstLogin = async () => {
      throw new Error('no such queue');
    };
    await logIn(login);
    expect(login.logged()).toMatch(/"event":"first_login_failed".*no such queue/);
  });

  it('stores only a hash of the session token', async () => {
    const login = await openLogin(sandbox);
    const sessionToken = await logIn(login);
    const [session] = await login.store.selectFrom('sessions').selectAll().execute();
    expect(session?.id_hash).toBe(hashToken(sessionToken));
    expect(JSON.stringify(session)).not.toContain(sessionToken);
  });

  it('logs a known number in as the same user, with a new session', async () => {
    const login = await openLogin(sandbox);
    const first = await logIn(login);
    login.clock.advance(1_000);
    const second = await logIn(login, createToken());
    expect(second).not.toBe(first);
    expect(await login.countSessions()).toBe(2);
    expect(await login.store.selectFrom('users').selectAll().execute()).toMatchObject([
      { last_login_at: login.clock.now() },
    ]);
    expect((await login.eventTypes()).filter((type) => type === 'user_created')).toHaveLength(1);
  });

  it('happens once under a hundred concurrent polls, which all get the same session', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.call(started);
    login.clock.advance(FIRST_CHECK_MS);
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, () => login.poll(started, 25_000)),
    );
    const [first] = outcomes;
    expect(first).toEqual({ status: 'completed', sessionToken: expect.any(String) });
    expect(outcomes).toEqual(Array.from({ length: 100 }, () => first));
    expect(await login.countSessions()).toBe(1);
    expect(await login.countRequests('check')).toBe(1);
    expect(await login.eventTypes()).toEqual([
      'attempt_started',
      'attempt_verified',
      'user_created',
      'attempt_completed',
    ]);
  });

  it('happens only for the browser that holds the attempt', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await verify(login, started);
    const callbackToken = await login.callbackTokenOf(started);
    const poll = { holdMs: 0, isPrompted: false, client: { info: TEST_CLIENT } };
    for (const token of [createToken(), started.browserToken, callbackToken, started.attempt.id]) {
      expect(await pollAttempt(login.deps, token, poll)).toEqual({ status: 'missing' });
    }
    expect(await login.countSessions()).toBe(0);
  });

  it('changes nothing when its event cannot be written', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await verify(login, started);
    await login.store.schema.dropTable('events').execute();
    await expect(login.poll(started)).rejects.toThrow();
    expect(await login.stored(started)).toMatchObject({ state: 'verified', ended_at: null });
    expect(await login.countSessions()).toBe(0);
    expect(await login.store.selectFrom('users').selectAll().execute()).toEqual([]);
  });

  it('does not happen before the event of the call is written', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.store.schema.dropTable('events').execute();
    await expect(verify(login, started)).rejects.toThrow();
    expect(await login.stored(started)).toMatchObject({ state: 'pending' });
  });

  it('cannot be undone by cancelling', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await verify(login, started);
    await login.poll(started);
    await cancelAttempt(login.deps, started.attemptToken);
    expect(await login.stored(started)).toMatchObject({ state: 'completed' });
    expect(await login.countSessions()).toBe(1);
  });

  it('does not happen for a verified attempt that was cancelled', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await verify(login, started);
    await cancelAttempt(login.deps, started.attemptToken);
    expect(await login.poll(started)).toMatchObject({ status: 'cancelled' });
    expect(await login.countSessions()).toBe(0);
  });
});

describe.runIf(inject('dialect') === 'PostgreSQL')('cancelling in another process', () => {
  it('while the completion is being written answers the poll with cancelled', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    expect(await login.poll(started)).toMatchObject({ status: 'pending' });
    await verify(login, started);
    const otherProcess = login.otherProcess();
    const { outcome } = await otherProcess.store.transaction().execute(async (transaction) => {
      await transaction
        .updateTable('attempts')
        .set({ state: 'cancelled', ended_at: login.clock.now() })
        .where('id', '=', started.attempt.id)
        .execute();
      const outcome = login.poll(started);
      await waitUntilBlocked(otherProcess.store);
      // Not awaited here: it continues when this transaction has ended.
      return { outcome };
    });
    expect(await outcome).toMatchObject({ status: 'cancelled' });
    expect(await login.countSessions()).toBe(0);
    expect(await login.store.selectFrom('users').selectAll().execute()).toEqual([]);
  });
});

describe('a lost answer', () => {
  it('can be fetched again for a minute, without another check', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await verify(login, started);
    const first = await login.poll(started);
    login.clock.advance(REDELIVERY_MS);
    expect(await login.poll(started)).toEqual(first);
    expect(await login.countRequests('check')).toBe(1);
    login.clock.advance(1);
    expect(await login.poll(started)).toEqual({ status: 'completed', sessionToken: null });
  });

  it('cannot be fetched again once the session has been used', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await verify(login, started);
    const first = await login.poll(started);
    const sessionToken = first.status === 'completed' ? (first.sessionToken ?? '') : '';
    const found = await findSession(login.store, hashToken(sessionToken));
    const status = async () => await readAttemptStatus(login.deps, started.attemptToken);
    expect(await status()).toMatchObject({ status: 'open' });
    await touchSession(login.store, found?.session ?? missing(), login.clock.now());
    expect(await login.poll(started)).toEqual({ status: 'completed', sessionToken: null });
    expect(await status()).toBeNull();
  });

  it('cannot be fetched again once the session has ended', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await verify(login, started);
    await login.poll(started);
    await login.store.deleteFrom('sessions').execute();
    expect(await login.poll(started)).toEqual({ status: 'completed', sessionToken: null });
    expect(await login.countSessions()).toBe(0);
  });
});

describe('an attempt verified shortly before its end', () => {
  it('can still be completed within the grace period', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    login.clock.advance(ATTEMPT_TTL_MS - 1);
    await verify(login, started);
    login.clock.advance(VERIFIED_GRACE_MS - 1);
    expect(await login.poll(started)).toMatchObject({ status: 'completed' });
  });

  it('expires when its browser does not poll within the grace period', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    login.clock.advance(ATTEMPT_TTL_MS - 1);
    await verify(login, started);
    login.clock.advance(VERIFIED_GRACE_MS);
    expect(await login.poll(started)).toMatchObject({ status: 'expired' });
    expect(await login.countSessions()).toBe(0);
  });
});

describe('who may log in', () => {
  it('with signup closed, an unknown number is refused and gets no user', async () => {
    const login = await openLogin(sandbox, { rules: { signup: 'closed' } });
    const started = await login.start();
    await verify(login, started);
    expect(await login.poll(started)).toEqual({ status: 'failed', code: 'signup_closed' });
    expect(await login.poll(started)).toEqual({ status: 'failed', code: 'signup_closed' });
    expect(await login.store.selectFrom('users').selectAll().execute()).toEqual([]);
    expect(await login.countSessions()).toBe(0);
    expect(await login.store.selectFrom('events').selectAll().execute()).toContainEqual(
      expect.objectContaining({ type: 'attempt_failed', reason: 'signup_closed' }),
    );
  });

  it('with signup closed, a known number is logged in', async () => {
    const login = await openLogin(sandbox);
    await logIn(login);
    login.deps.rules.signup = 'closed';
    await logIn(login, createToken());
    expect(await login.countSessions()).toBe(2);
  });

  it.each(['open', 'closed'] as const)(
    'with signup %s, a disabled user is refused',
    async (signup) => {
      const login = await openLogin(sandbox);
      await logIn(login);
      await login.store.updateTable('users').set({ disabled_at: login.clock.now() }).execute();
      login.deps.rules.signup = signup;
      const started = await login.start(createToken());
      await verify(login, started);
      expect(await login.poll(started)).toEqual({ status: 'failed', code: 'user_disabled' });
      expect(await login.countSessions()).toBe(1);
    },
  );
});
