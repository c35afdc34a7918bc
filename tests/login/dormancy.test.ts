import { afterAll, describe, expect, it } from 'vitest';
import { createToken } from '#lib/crypto/token.ts';
import { handleCallback } from '#lib/login/callback.ts';
import { isDormant } from '#lib/login/login-user.ts';
import { setUserState } from '#lib/store/users.ts';
import { startSandbox } from '#sandbox/server.ts';
import { ATTEMPT_TTL_MS, openLogin, type TestLogin } from '#tests/support/test-login.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

const DORMANT_MS = 365 * 86_400_000;

/** Tries to log in from a new browser. */
async function logIn(login: TestLogin) {
  const started = await login.start(createToken());
  await login.call(started);
  await handleCallback(login.deps, await login.callbackTokenOf(started));
  return await login.poll(started);
}

const usersOf = (login: TestLogin) =>
  login.store.selectFrom('users').selectAll().orderBy('created_at').execute();

const eventsOf = async (login: TestLogin, userId: string | undefined) => {
  const events = await login.store.selectFrom('events').selectAll().orderBy('id').execute();
  return events.filter((event) => event.user_id === userId).map((event) => event.type);
};

describe('the user of a number that logs in', () => {
  const user = { last_active_at: 1_000 };

  it.each([
    { now: 1_000 + DORMANT_MS, dormant: false },
    { now: 1_001 + DORMANT_MS, dormant: true },
    { now: 0, dormant: false },
  ])('last active at 1000, at $now, is dormant: $dormant', ({ now, dormant }) => {
    expect(isDormant(user, now, DORMANT_MS)).toBe(dormant);
  });

  it('is never dormant where the period is 0', () => {
    expect(isDormant(user, Number.MAX_SAFE_INTEGER, 0)).toBe(false);
  });
});

describe('a dormant number', () => {
  it('gets a new user, and the old one is set aside and its sessions end', async () => {
    const login = await openLogin(sandbox);
    await logIn(login);
    login.clock.advance(DORMANT_MS + 1);
    expect(await logIn(login)).toMatchObject({ status: 'completed' });

    const [old, fresh] = await usersOf(login);
    expect(old).toMatchObject({
      phone_number: login.phoneNumber,
      set_aside_at: login.clock.now(),
    });
    expect(fresh).toMatchObject({ phone_number: login.phoneNumber, set_aside_at: null });
    const sessions = await login.store.selectFrom('sessions').selectAll().execute();
    expect(sessions).toMatchObject([{ user_id: fresh?.id }]);
    expect(await eventsOf(login, old?.id)).toEqual([
      'user_created',
      'attempt_completed',
      'user_set_aside',
    ]);
    expect(await eventsOf(login, fresh?.id)).toEqual([
      'user_created',
      'number_taken_over',
      'attempt_completed',
    ]);
  });

  it('keeps its user up to the end of the dormancy period', async () => {
    const login = await openLogin(sandbox);
    await logIn(login);
    login.clock.advance(DORMANT_MS);
    await logIn(login);
    login.clock.advance(DORMANT_MS);
    await logIn(login);
    expect(await usersOf(login)).toHaveLength(1);
  });

  it('is refused repeatedly with signup closed, until an operator vouches for it', async () => {
    const login = await openLogin(sandbox);
    await logIn(login);
    login.deps.rules.signup = 'closed';
    login.clock.advance(DORMANT_MS + 1);
    for (let round = 0; round < 2; round += 1) {
      expect(await logIn(login)).toEqual({ status: 'failed', code: 'signup_closed' });
      // The call number may be reused, so the earlier attempt must no longer count as a rival.
      login.clock.advance(ATTEMPT_TTL_MS + 1);
    }
    const [old, ...others] = await usersOf(login);
    expect(others).toEqual([]);
    expect(await login.countSessions()).toBe(0);
    await setUserState(login.store, old?.id ?? '', {
      set_aside_at: null,
      last_active_at: login.clock.now(),
    });
    expect(await logIn(login)).toMatchObject({ status: 'completed' });
    expect(await usersOf(login)).toHaveLength(1);
  });

  it('of a disabled user stays refused and gets no new user', async () => {
    const login = await openLogin(sandbox);
    await logIn(login);
    const [user] = await usersOf(login);
    await setUserState(login.store, user?.id ?? '', { disabled_at: login.clock.now() });
    login.clock.advance(DORMANT_MS * 2);
    expect(await logIn(login)).toEqual({ status: 'failed', code: 'user_disabled' });
    expect(await usersOf(login)).toHaveLength(1);
    expect(await eventsOf(login, user?.id)).toContain('attempt_failed');
  });
});
