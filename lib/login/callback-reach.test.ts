import { afterAll, describe, expect, it } from 'vitest';
import { startSandbox } from '#sandbox/server.ts';
import { openLogin, TEST_CLIENT, type TestLogin } from '#tests/support/test-login.ts';
import type { StartedAttempt } from './browsers.ts';
import { handleCallback } from './callback.ts';
import { pollAttempt } from './poll.ts';
import { PROMPTED_CHECK_MS } from './schedule.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

const HOUR_MS = 3_600_000;

/** Logs in with a call that the vendor told us of. */
async function logInByCallback(login: TestLogin): Promise<void> {
  const started = await login.start('told');
  await login.call(started);
  await handleCallback(login.deps, await login.callbackTokenOf(started));
  expect(await login.poll(started)).toMatchObject({ status: 'completed' });
}

/** Logs in with a call that only our own check found. */
async function logInByCheck(login: TestLogin): Promise<StartedAttempt> {
  const started = await login.start('found');
  await login.call(started);
  login.clock.advance((await login.stored(started)).next_check_at - login.clock.now());
  expect(await login.poll(started)).toMatchObject({ status: 'completed' });
  return started;
}

/** At which ages of a new attempt the vendor is asked, in seconds, while nobody calls. */
async function agesOfChecks(login: TestLogin, seconds: number): Promise<number[]> {
  const before = await login.countRequests('check');
  const started = await login.start('waiting');
  const ages: number[] = [];
  for (let age = 1; age <= seconds; age += 1) {
    login.clock.advance(1_000);
    await login.poll(started);
    if ((await login.countRequests('check')) > before + ages.length) {
      ages.push(age);
    }
  }
  return ages;
}

describe('callbacks that reach us', () => {
  it('are not counted on before one has come', async () => {
    const login = await openLogin(sandbox);
    expect(await agesOfChecks(login, 10)).toEqual([2, 4, 6, 8, 10]);
  });

  it('have the vendor asked twice in a dial of 20 s, and nine times in five minutes', async () => {
    const login = await openLogin(sandbox);
    await logInByCallback(login);
    expect(await agesOfChecks(login, 299)).toEqual([8, 16, 32, 64, 109, 154, 199, 244, 289]);
  });

  it('are in doubt again when a call was seen that none told of', async () => {
    const login = await openLogin(sandbox);
    await logInByCallback(login);
    await logInByCheck(login);
    expect(await agesOfChecks(login, 4)).toEqual([2, 4]);
  });

  it('are counted on again when the callback only came after the check', async () => {
    const login = await openLogin(sandbox);
    const started = await logInByCheck(login);
    await handleCallback(login.deps, await login.callbackTokenOf(started));
    expect(await agesOfChecks(login, 8)).toEqual([8]);
  });

  it('are counted on when one came while the vendor was to be left alone', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start('told');
    const fault = { match: 'check', kind: 'reset' } as const;
    await login.control.addFault({ ...fault, phone_number: login.phoneNumber });
    login.clock.advance(2_000);
    expect(await login.poll(started)).toMatchObject({ status: 'trouble' });
    await login.control.clearFaults(login.phoneNumber);
    const before = await login.countRequests('check');
    await login.call(started);
    await handleCallback(login.deps, await login.callbackTokenOf(started));
    expect(await login.countRequests('check')).toBe(before);
    login.clock.advance(3_000);
    expect(await login.poll(started)).toMatchObject({ status: 'completed' });
    expect(login.deps.callbackReach.isProved()).toBe(true);
  });

  it('are in doubt again after an hour without one', async () => {
    const login = await openLogin(sandbox);
    await logInByCallback(login);
    login.clock.advance(HOUR_MS);
    expect(await agesOfChecks(login, 2)).toEqual([2]);
  });

  it('are known to a process that only saw what they did', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start('told');
    await login.call(started);
    await handleCallback(login.elsewhere(), await login.callbackTokenOf(started));
    expect(login.deps.callbackReach.isProved()).toBe(false);
    expect(await login.poll(started)).toMatchObject({ status: 'completed' });
    expect(login.deps.callbackReach.isProved()).toBe(true);
  });
});

describe('a person who says they have called', () => {
  const prompt = (login: TestLogin, started: StartedAttempt) =>
    pollAttempt(login.deps, started.attemptToken, {
      holdMs: 0,
      isPrompted: true,
      from: TEST_CLIENT,
    });

  it('is in within two seconds, though the callback was lost', async () => {
    const login = await openLogin(sandbox);
    await logInByCallback(login);
    const started = await login.start();
    await login.call(started);
    login.clock.advance(1_000);
    const asked = { status: 'pending', pollAfterMs: PROMPTED_CHECK_MS };
    expect(await prompt(login, started)).toMatchObject(asked);
    login.clock.advance(PROMPTED_CHECK_MS);
    expect(await login.poll(started)).toMatchObject({ status: 'completed' });
  });

  it('has the vendor asked no more often than every two seconds', async () => {
    const login = await openLogin(sandbox);
    await logInByCallback(login);
    const before = await login.countRequests('check');
    const started = await login.start();
    for (let tenths = 0; tenths < 100; tenths += 1) {
      await prompt(login, started);
      login.clock.advance(100);
    }
    expect(await login.countRequests('check')).toBe(before + 4);
  });

  it('does not hurry a vendor in trouble', async () => {
    const login = await openLogin(sandbox);
    await logInByCallback(login);
    const started = await login.start();
    await login.control.addFault({
      kind: 'status',
      status: 503,
      retry_after_seconds: 20,
      match: 'check',
      phone_number: login.phoneNumber,
    });
    login.clock.advance(8_000);
    expect(await login.poll(started)).toMatchObject({ status: 'trouble' });
    const before = await login.countRequests('check');
    login.clock.advance(10_000);
    expect(await prompt(login, started)).toMatchObject({ status: 'pending' });
    login.clock.advance(PROMPTED_CHECK_MS);
    expect(await login.poll(started)).toMatchObject({ status: 'pending' });
    expect(await login.countRequests('check')).toBe(before);
  });
});
