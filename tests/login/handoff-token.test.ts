import { afterAll, beforeAll, expect, it } from 'vitest';
import { handleCallback } from '#lib/login/callback.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import { handoffTokenOf, readHandoff } from '#lib/login/handoff.ts';
import { pollAttempt } from '#lib/login/poll.ts';
import { startAttempt } from '#lib/login/start.ts';
import { type Sandbox, startSandbox } from '#sandbox/server.ts';
import { FIRST_CHECK_MS, openLogin, TEST_CLIENT } from '#tests/support/test-login.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ callbacks: 'off' });
});
afterAll(() => sandbox.close());

it('the QR code’s token opens the page on the phone and works as no other token', async () => {
  const login = await openLogin(sandbox);
  const { deps, phoneNumber } = login;
  const started = await login.start();
  const token = handoffTokenOf(started.attemptToken);
  expect(await readHandoff(deps, token)).toMatchObject({ status: 'open' });
  for (const other of [started.attemptToken, started.browserToken, started.attempt.id]) {
    expect(other).not.toBe(token);
    expect(await readHandoff(deps, other)).toBeNull();
  }

  await login.call(started);
  await handleCallback(deps, token);
  await cancelAttempt(deps, token);
  expect(await login.countRequests('check')).toBe(0);
  expect((await login.stored(started)).state).toBe('pending');
  const polled = await pollAttempt(deps, token, {
    holdMs: 0,
    isPrompted: false,
    client: { info: TEST_CLIENT },
  });
  expect(polled).toEqual({ status: 'missing' });
  const phone = { browserToken: token, attemptToken: token, network: '192.0.2.2' };
  const restarted = await startAttempt(deps, phoneNumber, phone);
  expect(restarted).toMatchObject({ ok: true });
  expect(restarted.ok && restarted.value.attempt.id).not.toBe(started.attempt.id);
});

it('the QR code’s token is not the session’s token', async () => {
  const login = await openLogin(sandbox);
  const started = await login.start();
  await login.call(started);
  login.clock.advance(FIRST_CHECK_MS);
  const outcome = await login.poll(started);
  const sessionToken = outcome.status === 'completed' ? outcome.sessionToken : null;
  expect(sessionToken).toMatch(/./);
  expect(sessionToken).not.toBe(handoffTokenOf(started.attemptToken));
});
