import { afterAll, describe, expect, it } from 'vitest';
import { startSandbox } from '#sandbox/server.ts';
import { openLogin, TEST_CLIENT, type TestLogin } from '#tests/support/test-login.ts';
import type { StartedAttempt } from './browsers.ts';
import { handleCallback } from './callback.ts';
import { createCallbackReach, recallCallbackReach } from './callback-reach.ts';
import { pollAttempt } from './poll.ts';
import { PROMPTED_CHECK_MS } from './schedule.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

const HOUR_MS = 3_600_000;

/** Logs in with a call that the vendor announced by a callback. */
async function logInByCallback(login: TestLogin): Promise<void> {
  const started = await login.start('with callback');
  await login.call(started);
  await handleCallback(login.deps, await login.callbackTokenOf(started));
  expect(await login.poll(started)).toMatchObject({ status: 'completed' });
}

/** Logs in with a call that no callback announced: a scheduled check finds it. */
async function logInByCheck(login: TestLogin): Promise<StartedAttempt> {
  const started = await login.start('without callback');
  await login.call(started);
  login.clock.advance((await login.stored(started)).next_check_at - login.clock.now());
  expect(await login.poll(started)).toMatchObject({ status: 'completed' });
  return started;
}

/** The ages of a new attempt, in seconds, at which the vendor is asked while no call comes. */
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

describe('the schedule of checks', () => {
  it('asks every two seconds until a callback has arrived', async () => {
    const login = await openLogin(sandbox);
    expect(await agesOfChecks(login, 10)).toEqual([2, 4, 6, 8, 10]);
  });

  it('asks twice in the first 20 s and nine times in five minutes once a callback has arrived', async () => {
    const login = await openLogin(sandbox);
    await logInByCallback(login);
    expect(await agesOfChecks(login, 299)).toEqual([8, 16, 32, 64, 109, 154, 199, 244, 289]);
  });

  it('after a restart goes by the last login of the past hour', async () => {
    const login = await openLogin(sandbox);
    const restart = async () => {
      login.deps.callbackReach = createCallbackReach(login.clock);
      await recallCallbackReach(login.deps);
      return login.deps.callbackReach.isProved();
    };
    expect(await restart()).toBe(false);
    await logInByCallback(login);
    expect(await restart()).toBe(true);
    expect(await agesOfChecks(login, 20)).toEqual([8, 16]);
    login.clock.advance(HOUR_MS);
    expect(await restart()).toBe(false);
    await logInByCheck(login);
    expect(await restart()).toBe(false);
  });

  it('asks less often also in a process that got the callback and completed nothing', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start('with callback');
    await login.call(started);
    await handleCallback(login.deps, await login.callbackTokenOf(started));
    expect(await agesOfChecks(login, 8)).toEqual([8]);
  });

  it('asks every two seconds again after a call that no callback announced', async () => {
    const login = await openLogin(sandbox);
    await logInByCallback(login);
    await logInByCheck(login);
    expect(await agesOfChecks(login, 4)).toEqual([2, 4]);
  });

  it('asks less often again when the callback arrives after the check', async () => {
    const login = await openLogin(sandbox);
    const started = await logInByCheck(login);
    await handleCallback(login.deps, await login.callbackTokenOf(started));
    expect(await agesOfChecks(login, 8)).toEqual([8]);
  });

  it('counts a callback that arrives while the circuit is open', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start('with callback');
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

  it('asks every two seconds again after an hour without a callback', async () => {
    const login = await openLogin(sandbox);
    await logInByCallback(login);
    login.clock.advance(HOUR_MS);
    expect(await agesOfChecks(login, 2)).toEqual([2]);
  });

  it('asks less often also in a process that only saw the effect of the callback', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start('with callback');
    await login.call(started);
    await handleCallback(login.otherProcess(), await login.callbackTokenOf(started));
    expect(login.deps.callbackReach.isProved()).toBe(false);
    expect(await login.poll(started)).toMatchObject({ status: 'completed' });
    expect(login.deps.callbackReach.isProved()).toBe(true);
  });
});

describe('a poll with "I have called"', () => {
  const prompt = (login: TestLogin, started: StartedAttempt) =>
    pollAttempt(login.deps, started.attemptToken, {
      holdMs: 0,
      isPrompted: true,
      client: { info: TEST_CLIENT },
    });

  it('completes the login within two seconds when the callback was lost', async () => {
    const login = await openLogin(sandbox);
    await logInByCallback(login);
    const started = await login.start();
    await login.call(started);
    login.clock.advance(1_000);
    const prompted = { status: 'pending', pollAfterMs: PROMPTED_CHECK_MS };
    expect(await prompt(login, started)).toMatchObject(prompted);
    login.clock.advance(PROMPTED_CHECK_MS);
    expect(await login.poll(started)).toMatchObject({ status: 'completed' });
  });

  it('asks the vendor no more often than every two seconds', async () => {
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

  it('does not shorten the pause after a vendor failure', async () => {
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
