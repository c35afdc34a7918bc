import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { startSandbox } from '#sandbox/server.ts';
import { ATTEMPT_TTL_MS, FIRST_CHECK_MS, openLogin } from '#tests/support/test-login.ts';
import { createToken } from '../crypto/token.ts';
import { handleCallback } from './callback.ts';
import { cancelAttempt } from './cancel.ts';
import { LAST_CHECK_MS } from './check.ts';
import { startAttempt } from './start.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

/** Shorter than the time until a held poll reads the attempt again without a notification. */
const promptly = { timeout: FIRST_CHECK_MS - 500 };

describe('a callback', () => {
  it(
    'from the sandbox completes a held poll at once, before the next check is due',
    promptly,
    async () => {
      const calling = await startSandbox({ callbacks: 'on' });
      onTestFinished(() => calling.close());
      const paths: string[] = [];
      const receiver = createServer((request, response) => {
        paths.push(request.url ?? '');
        response.writeHead(204).end();
        void handleCallback(login.deps, paths[0]?.slice('/callback/'.length) ?? '');
      });
      await once(receiver.listen(0, '127.0.0.1'), 'listening');
      onTestFinished(() => void receiver.close().closeAllConnections());
      const callbackBase = new URL(`http://127.0.0.1:${addressOf(receiver).port}/callback/`);
      const login = await openLogin(calling, { rules: { callbackBase } });

      const started = await login.start();
      const held = login.poll(started, 25_000);
      await login.call(started);
      expect(await held).toMatchObject({ status: 'completed' });
      expect(paths).toHaveLength(1);
      expect(await login.countRequests('check')).toBe(1);
    },
  );

  it('is told the query of its address, which lets it through the protection of a preview', async () => {
    const callbackBase = new URL('https://login.example/api/auth/callback/?bypass=a%26b');
    const login = await openLogin(sandbox, { rules: { callbackBase } });
    const [token = '', query] = (await login.callbackTokenOf(await login.start())).split('?');
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(query).toBe('bypass=a%26b');
  });

  it('is only a hint: without a call, the attempt stays pending', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await handleCallback(login.deps, await login.callbackTokenOf(started));
    expect(await login.countRequests('check')).toBe(1);
    expect(await login.poll(started)).toMatchObject({ status: 'pending' });
  });

  it('verifies the attempt, which completes only when its browser polls', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.call(started);
    await handleCallback(login.deps, await login.callbackTokenOf(started));
    expect(await login.stored(started)).toMatchObject({ state: 'verified' });
    expect(await login.countSessions()).toBe(0);
  });

  it('with an unknown token causes no vendor request', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    for (const token of [createToken(), started.attemptToken, started.attempt.id, '']) {
      await handleCallback(login.deps, token);
    }
    expect(await login.countRequests('check')).toBe(0);
  });

  it('for an ended attempt causes no vendor request', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await cancelAttempt(login.deps, started.attemptToken);
    await login.call(started);
    await handleCallback(login.deps, await login.callbackTokenOf(started));
    expect(await login.countRequests('check')).toBe(0);
    expect(await login.stored(started)).toMatchObject({ state: 'cancelled' });
  });

  it('does not revive an expired attempt', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.call(started);
    login.clock.advance(ATTEMPT_TTL_MS + LAST_CHECK_MS);
    await handleCallback(login.deps, await login.callbackTokenOf(started));
    expect(await login.poll(started)).toMatchObject({ status: 'expired' });
    expect(await login.countSessions()).toBe(0);
  });

  it('during a vendor failure leaves the attempt pending', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.control.addFault({
      kind: 'status',
      status: 429,
      match: 'check',
      times: 1,
      phone_number: login.phoneNumber,
    });
    await handleCallback(login.deps, await login.callbackTokenOf(started));
    expect(await login.stored(started)).toMatchObject({ state: 'pending', check_failures: 1 });
  });

  it('that arrives before the vendor has answered the start is not lost', async () => {
    const login = await openLogin(sandbox);
    await login.control.addFault({
      kind: 'delay',
      delay_ms: 300,
      after: true,
      match: 'create',
      phone_number: login.phoneNumber,
    });
    const starting = login.start();
    await expect.poll(() => login.control.sessions(login.phoneNumber)).toHaveLength(1);
    const [pauthSession] = await login.control.sessions(login.phoneNumber);
    await login.control.call(login.phoneNumber, pauthSession?.call_number ?? '');
    await handleCallback(login.deps, pauthSession?.callback_url.split('/').at(-1) ?? '');
    expect(await login.countRequests('check')).toBe(0);

    expect(await login.poll(await starting)).toMatchObject({ status: 'completed' });
  });

  it('that arrives during a check causes one more check', promptly, async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.control.addFault({
      kind: 'delay',
      delay_ms: 200,
      after: true,
      match: 'check',
      times: 1,
      phone_number: login.phoneNumber,
    });
    login.clock.advance(FIRST_CHECK_MS);
    const held = login.poll(started, 25_000);
    await expect.poll(() => login.countRequests('check')).toBe(1);
    await login.call(started);
    await handleCallback(login.deps, await login.callbackTokenOf(started));
    expect(await held).toMatchObject({ status: 'completed' });
    expect(await login.countRequests('check')).toBe(2);
  });
});

describe('a flood of callbacks', () => {
  /** At this age checks are five seconds apart, so that checks caused by callbacks can be told apart. */
  const AGE_MS = 120_000;

  it('causes one check at once and then one every two seconds', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    const token = await login.callbackTokenOf(started);
    const flood = async () => {
      for (let count = 0; count < 20; count += 1) {
        await handleCallback(login.deps, token);
      }
      return await login.countRequests('check');
    };
    login.clock.advance(AGE_MS);
    await login.poll(started);
    expect(await login.countRequests('check')).toBe(1);
    expect(await flood()).toBe(2);
    login.clock.advance(1_999);
    expect(await flood()).toBe(2);
    login.clock.advance(1);
    expect(await flood()).toBe(3);
    login.clock.advance(1_999);
    expect(await flood()).toBe(3);
    login.clock.advance(1);
    expect(await flood()).toBe(4);
  });

  it('counts a check that was due anyway as its first', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    const token = await login.callbackTokenOf(started);
    login.clock.advance(AGE_MS);
    for (let count = 0; count < 20; count += 1) {
      await handleCallback(login.deps, token);
    }
    expect(await login.countRequests('check')).toBe(1);
  });

  it('at the same moment causes one check at a time, and two at most', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    const token = await login.callbackTokenOf(started);
    await Promise.all(Array.from({ length: 50 }, () => handleCallback(login.deps, token)));
    await Promise.all(Array.from({ length: 50 }, () => handleCallback(login.deps, token)));
    expect(await login.countRequests('check')).toBeLessThanOrEqual(2);
  });
});

it('a late callback for a failed start causes no check and no event', async () => {
  const login = await openLogin(sandbox, { rules: { pauthTimeoutMs: 200 } });
  await login.control.addFault({
    kind: 'reset',
    after: true,
    match: 'create',
    phone_number: login.phoneNumber,
  });
  await startAttempt(login.deps, login.phoneNumber, login.newBrowser);
  const [pauthSession] = await login.control.sessions(login.phoneNumber);
  await login.control.call(login.phoneNumber, pauthSession?.call_number ?? '');
  await handleCallback(login.deps, pauthSession?.callback_url.split('/').at(-1) ?? '');
  expect(await login.countRequests('check')).toBe(0);
  expect(await login.eventTypes()).toEqual(['attempt_started', 'attempt_failed']);
});

function addressOf(server: ReturnType<typeof createServer>): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the server does not listen on a port');
  }
  return address;
}
