import { afterAll, beforeAll, expect, it } from 'vitest';
import { takeCallback } from '#lib/login/callback.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import { readHandoff } from '#lib/login/handoff.ts';
import { handoffTokenOf } from '#lib/login/handoff-token.ts';
import { pollAttempt } from '#lib/login/poll.ts';
import { startAttempt } from '#lib/login/start.ts';
import { type Sandbox, startSandbox } from '#sandbox/server.ts';
import { FIRST_CHECK_MS, openLogin, TEST_CLIENT } from '#tests/support/test-login.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ callbacks: 'off' });
});
afterAll(() => sandbox.close());

it('the token of the QR code opens the page on the phone, and stands for no other token', async () => {
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
  await takeCallback(deps, token);
  await cancelAttempt(deps, token);
  expect(await login.countRequests('check')).toBe(0);
  expect((await login.stored(started)).state).toBe('pending');
  const polled = await pollAttempt(deps, token, {
    holdMs: 0,
    isPrompted: false,
    from: TEST_CLIENT,
  });
  expect(polled).toEqual({ status: 'missing' });
  const phone = { browserToken: token, attemptToken: token, network: '192.0.2.2' };
  const anew = await startAttempt(deps, phoneNumber, phone);
  expect(anew).toMatchObject({ ok: true });
  expect(anew.ok && anew.value.attempt.id).not.toBe(started.attempt.id);
});

it('the token of the QR code is not the one of the session that the call brings', async () => {
  const login = await openLogin(sandbox);
  const started = await login.start();
  await login.call(started);
  login.clock.advance(FIRST_CHECK_MS);
  const outcome = await login.poll(started);
  const sessionToken = outcome.status === 'completed' ? outcome.sessionToken : null;
  expect(sessionToken).toMatch(/./);
  expect(sessionToken).not.toBe(handoffTokenOf(started.attemptToken));
});
