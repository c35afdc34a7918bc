import { afterAll, describe, expect, it } from 'vitest';
import type { StartedAttempt } from '#lib/login/browsers.ts';
import { handleCallback } from '#lib/login/callback.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import { LAST_CHECK_MS } from '#lib/login/check.ts';
import { startAttempt } from '#lib/login/start.ts';
import { systemClock } from '#lib/shared/clock.ts';
import { startSandbox } from '#sandbox/server.ts';
import {
  ATTEMPT_TTL_MS,
  FIRST_CHECK_MS,
  openLogin,
  TEST_NETWORK,
  type TestLogin,
} from '#tests/support/test-login.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

/** Starts the next attempt of an earlier attempt's browser. */
async function startAgain(login: TestLogin, { browserToken }: StartedAttempt) {
  const browser = { browserToken, network: TEST_NETWORK };
  const started = await startAttempt(login.deps, login.phoneNumber, browser);
  if (!started.ok) {
    throw new Error(started.error.code);
  }
  return started.value;
}

const HOUR_MS = 3_600_000;

describe('a clock set ahead', () => {
  it('expires an attempt, which setting it back does not revive', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    login.clock.advance(ATTEMPT_TTL_MS + LAST_CHECK_MS);
    expect(await login.poll(started)).toMatchObject({ status: 'expired' });
    login.clock.advance(-HOUR_MS);
    await login.call(started);
    await handleCallback(login.deps, await login.callbackTokenOf(started));
    expect(await login.poll(started)).toMatchObject({ status: 'expired' });
    expect(await login.countSessions()).toBe(0);
  });
});

describe('a clock set back', () => {
  it('does not stop checks', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    login.clock.advance(FIRST_CHECK_MS);
    await login.poll(started);
    login.clock.advance(-HOUR_MS);
    await login.call(started);
    expect(await login.poll(started)).toMatchObject({ status: 'completed' });
  });

  it('does not make a browser its own rival', async () => {
    const shared = await startSandbox({
      callbacks: 'off',
      call_numbers: 'shared',
      match: 'caller',
    });
    const login = await openLogin(shared);
    const first = await login.start();
    await login.poll(first);
    await cancelAttempt(login.deps, first.attemptToken);
    login.clock.advance(-HOUR_MS);
    const second = await startAgain(login, first);
    await cancelAttempt(login.deps, second.attemptToken);
    const third = await startAgain(login, second);
    await login.call(third);
    login.clock.advance(FIRST_CHECK_MS);
    expect(await login.poll(third)).toMatchObject({ status: 'completed' });
    await shared.close();
  });

  it('does not make a callback be ignored', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    const token = await login.callbackTokenOf(started);
    await handleCallback(login.deps, token);
    login.clock.advance(-HOUR_MS);
    await login.call(started);
    await handleCallback(login.deps, token);
    expect(await login.stored(started)).toMatchObject({ state: 'verified' });
  });

  it('does not hold a poll for longer than its hold time', async () => {
    let back = 0;
    const clock = { now: () => Date.now() - back, elapsed: systemClock.elapsed };
    const login = await openLogin(sandbox, { clock });
    const started = await login.start();
    const since = performance.now();
    const held = login.poll(started, 300);
    back = HOUR_MS;
    expect(await held).toMatchObject({ status: 'pending' });
    expect(performance.now() - since).toBeLessThan(20_000);
  });
});
