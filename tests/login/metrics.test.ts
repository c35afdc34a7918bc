import { afterAll, describe, expect, it } from 'vitest';
import { createToken } from '#lib/crypto/token.ts';
import { handleCallback } from '#lib/login/callback.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import { startAttempt } from '#lib/login/start.ts';
import { metricNames } from '#lib/observe/metrics.ts';
import { guardPauthClient } from '#lib/pauth/guarded-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { type Series, startMeasuring } from '#tests/support/measured.ts';
import { newPhoneNumber, openLogin, TEST_NETWORK } from '#tests/support/test-login.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

/** The series of a metric that have counted anything, as `label values: count`. */
function counted(series: readonly Series[], metric: string): string[] {
  return series
    .filter(({ name, value }) => name === metric && value !== 0)
    .map(({ labels, value }) => {
      const count = typeof value === 'number' ? value : value.count;
      return `${Object.values(labels).join(' ')}: ${count}`;
    });
}

function sumOf(series: readonly Series[], metric: string): number | undefined {
  const value = series.find(({ name }) => name === metric)?.value;
  return typeof value === 'number' ? value : value?.sum;
}

describe('the metrics', () => {
  it('count a login as started, verified and completed, and how long the person and the answer took', async () => {
    const read = startMeasuring();
    const login = await openLogin(sandbox);
    const started = await login.start();
    login.clock.advance(20_000);
    await login.call(started);
    await handleCallback(login.deps, await login.callbackTokenOf(started));
    login.clock.advance(3_000);
    expect(await login.poll(started)).toMatchObject({ status: 'completed' });
    // The answer may be lost: the session is delivered again, and counted once.
    expect(await login.poll(started)).toMatchObject({ status: 'completed' });

    const series = await read();
    expect(counted(series, 'call_login_attempts_total')).toEqual([
      'started none: 1',
      'verified none: 1',
      'completed none: 1',
    ]);
    expect(counted(series, 'call_login_logins_total')).toEqual(['call: 1']);
    expect(counted(series, 'call_login_callbacks_total')).toEqual(['checked: 1']);
    expect(sumOf(series, 'call_login_dial_seconds')).toBe(20);
    expect(sumOf(series, 'call_login_told_seconds')).toBe(3);
  });

  it('count the polls that are held, and no others', async () => {
    const read = startMeasuring();
    const login = await openLogin(sandbox);
    const [one, other] = [await login.start('one'), await login.start('other', newPhoneNumber())];
    const leave = new AbortController();
    const held = [login.poll(one, 25_000, leave.signal), login.poll(other, 25_000, leave.signal)];
    await login.poll(one);
    await expect.poll(async () => sumOf(await read(), 'call_login_waiting')).toBe(2);
    leave.abort();
    await Promise.all(held);
    expect(sumOf(await read(), 'call_login_waiting')).toBe(0);
  });

  it('count how attempts end without a login, and why they failed', async () => {
    const read = startMeasuring();
    const login = await openLogin(sandbox, { rules: { signup: 'closed' } });
    const cancelled = await login.start('cancelled', newPhoneNumber());
    await cancelAttempt(login.deps, cancelled.attemptToken);
    const refused = await login.start('refused');
    await login.call(refused);
    await handleCallback(login.deps, await login.callbackTokenOf(refused));
    expect(await login.poll(refused)).toMatchObject({ code: 'signup_closed' });
    const phoneNumber = newPhoneNumber();
    await login.control.addFault({ kind: 'status', status: 422, phone_number: phoneNumber });
    await startAttempt(login.deps, phoneNumber, login.newBrowser);
    const late = await login.start('late', newPhoneNumber());
    login.clock.advance(400_000);
    expect(await login.poll(late)).toMatchObject({ status: 'expired' });

    expect(counted(await read(), 'call_login_attempts_total').toSorted()).toEqual([
      'cancelled none: 1',
      'expired none: 1',
      'failed pauth_refused_number: 1',
      'failed signup_closed: 1',
      'started none: 4',
      'verified none: 1',
    ]);
  });

  it('count what a callback led to', async () => {
    const read = startMeasuring();
    const login = await openLogin(sandbox);
    const started = await login.start();
    const token = await login.callbackTokenOf(started);
    await handleCallback(login.deps, createToken());
    await login.control.addFault({
      kind: 'status',
      status: 503,
      match: 'check',
      retry_after_seconds: 5,
      phone_number: login.phoneNumber,
    });
    await handleCallback(login.deps, token);
    await handleCallback(login.deps, token);
    await handleCallback(login.deps, token);
    await login.control.clearFaults();
    login.clock.advance(20_000);
    await login.call(started);
    await handleCallback(login.deps, token);
    await handleCallback(login.deps, token);
    await cancelAttempt(login.deps, started.attemptToken);
    await handleCallback(login.deps, token);

    expect(counted(await read(), 'call_login_callbacks_total').toSorted()).toEqual([
      'checked: 1',
      'deferred: 2',
      'ended: 1',
      'late: 1',
      'repeated: 1',
      'unknown: 1',
    ]);
  });

  it("measure the vendor's answers, and count starts that are refused while it fails", async () => {
    const read = startMeasuring();
    const login = await openLogin(sandbox);
    login.deps.pauth = guardPauthClient(login.deps.pauth, {
      breaker: { count: 1, seconds: 10 },
      maxInFlight: 1,
      timeoutMs: 1_000,
      monotonicMs: login.clock.now,
    });
    const started = await login.start();
    login.clock.advance(2_000);
    await login.poll(started);
    const failing = newPhoneNumber();
    await login.control.addFault({ kind: 'status', status: 500, phone_number: failing });
    await startAttempt(login.deps, failing, login.newBrowser);
    await startAttempt(login.deps, newPhoneNumber(), login.newBrowser);
    login.clock.advance(2_000);
    await login.poll(started);

    const series = await read();
    expect(counted(series, 'call_login_vendor_request_seconds').toSorted()).toEqual([
      'check not_sent: 1',
      'check ok: 1',
      'create ok: 1',
      'create refused: 1',
    ]);
    expect(counted(series, 'call_login_start_refused_total')).toEqual(['circuit_open: 1']);
  });

  it('count a start that a limit refuses, by the limit', async () => {
    const read = startMeasuring();
    const login = await openLogin(sandbox);
    login.deps.startLimits = {
      consume: async () => ({ ok: false, error: { limit: 'perNetwork', retryAfterSeconds: 9 } }),
    };
    await startAttempt(login.deps, newPhoneNumber(), { network: TEST_NETWORK });
    expect(counted(await read(), 'call_login_start_refused_total')).toEqual(['perNetwork: 1']);
  });

  it('have a value before the first event, except for histograms', async () => {
    const names = new Set((await startMeasuring()()).map(({ name }) => name));
    expect(metricNames.filter((name) => !names.has(name) && !name.endsWith('_seconds'))).toEqual(
      [],
    );
  });
});
