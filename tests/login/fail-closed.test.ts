import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createSealer } from '#lib/cookies/seal.ts';
import { handleCallback } from '#lib/login/callback.ts';
import { untilAnswered } from '#lib/login/held-poll.ts';
import { pollAttempt } from '#lib/login/poll.ts';
import { startAttempt } from '#lib/login/start.ts';
import type { Version } from '#lib/notify/attempt-notifications.ts';
import { closeSession, openSession } from '#lib/sessions/open.ts';
import { type Sandbox, startSandbox } from '#sandbox/server.ts';
import { findUnaccounted } from '#tests/support/audit.ts';
import { diskError, type Hook, hookStatements, withHook } from '#tests/support/faults.ts';
import { FIRST_CHECK_MS, openLogin, TEST_CLIENT } from '#tests/support/test-login.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ callbacks: 'off' });
});
afterAll(() => sandbox.close());

const cookieSchema = z.object({ attemptToken: z.string(), browserToken: z.string() });

/** A complete login in which any one call to a dependency can be made to fail. */
async function openWholeLogin() {
  const login = await openLogin(sandbox);
  let hook: Hook = () => {};
  const watch: Hook = (name, when) => hook(name, when);
  const { clock, control, phoneNumber } = login;
  const { notifications } = login.deps;
  const deps = {
    ...login.deps,
    clock: withHook('clock', clock, watch),
    log: withHook('log', login.deps.log, watch),
    pauth: withHook('pauth', login.deps.pauth, watch),
    startLimits: withHook('limits', login.deps.startLimits, watch),
    notifications: withHook(
      'notifications',
      {
        ...notifications,
        subscribe: (id: string, since?: Version) => {
          const subscription = notifications.subscribe(id, since);
          const hooked = withHook('subscription', subscription, watch);
          // Abandoned by an event, not by the login.
          const abandon = () => subscription.abandon();
          return { wait: hooked.wait, close: hooked.close, abandon };
        },
      },
      watch,
    ),
  };
  const sessions = {
    store: login.store,
    clock: deps.clock,
    log: deps.log,
    idleMs: 86_400_000,
    usesPasskeys: true,
  };
  const secrets = ['Vq8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4E'] as const;
  const plain = createSealer({ purpose: 'a', schema: cookieSchema, ttlSeconds: 600, secrets });
  const sealer = withHook('sealer', plain, watch);
  let cookie: string | null = null;

  /** Starts an attempt and keeps its tokens sealed, like the browser's cookie. */
  const start = async () => {
    const held = cookie === null ? null : await sealer.unseal(cookie);
    const browser = { ...login.newBrowser, ...held?.value };
    const started = await startAttempt(deps, phoneNumber, browser);
    if (!started.ok) {
      throw new Error(started.error.code);
    }
    const { attemptToken, browserToken } = started.value;
    cookie = sealer.seal({ attemptToken, browserToken });
    return started.value;
  };
  const poll = async (holdMs = 0, signal?: AbortSignal) => {
    const held = cookie === null ? null : await sealer.unseal(cookie);
    if (held === null) {
      return { status: 'missing' } as const;
    }
    const { attemptToken } = held.value;
    const request = { holdMs, isPrompted: false, client: { info: TEST_CLIENT } };
    return await untilAnswered((known) => pollAttempt(deps, attemptToken, request, known), signal);
  };
  const open = async (token: string) => await openSession(sessions, token);

  return {
    ...login,
    start,
    open,
    /** Runs the login with the `nth` call failing. @returns the name of that call; null if there were fewer. */
    async runWithFault(nth: number, mode: 'before' | 'after'): Promise<string | null> {
      let count = 0;
      let failed: string | null = null;
      hook = (name, when) => {
        // No database begins a transaction and then reports that it failed to.
        if (when === mode && !(mode === 'after' && name.startsWith('begin'))) {
          count += 1;
          if (count === nth) {
            failed = name;
            throw diskError();
          }
        }
      };
      try {
        const started = await start();
        await login.call(started);
        // A held poll whose page is closed after 5 ms.
        await poll(1_000, AbortSignal.timeout(5));
        await handleCallback(deps, await login.callbackTokenOf(started));
        clock.advance(FIRST_CHECK_MS);
        const [first, again] = [await poll(), await poll()];
        if (first.status === 'completed' && again.status === 'completed') {
          expect(again).toEqual(first);
          const loggedIn = await open(again.sessionToken ?? '');
          if (loggedIn !== null) {
            await closeSession(sessions, loggedIn);
          }
        }
      } catch (error) {
        // Only the injected error is expected.
        expect(error).toMatchObject({ errcode: 10 });
      } finally {
        hook = () => {};
      }
      return failed;
    },
    /** Does what a person would: polls again, and starts again once the attempt has ended. */
    async recover(): Promise<string> {
      for (let tries = 0; tries < 30; tries += 1) {
        const outcome = await poll();
        if (outcome.status === 'completed' && outcome.sessionToken !== null) {
          return outcome.sessionToken;
        }
        if (outcome.status === 'pending' || outcome.status === 'trouble') {
          clock.advance(FIRST_CHECK_MS);
        } else {
          const { attempt } = await start();
          await control.call(phoneNumber, attempt.call_number);
        }
      }
      throw new Error('the login did not recover');
    },
    watchStatements: () => hookStatements(watch),
  };
}

describe('a login with one failing call', () => {
  it.each(['before', 'after'] as const)(
    'logs nobody in by mistake, leaves no partial writes, and can be repeated: failing %s the call',
    { timeout: 120_000 },
    async (mode) => {
      const failed: string[] = [];
      for (let nth = 1; ; nth += 1) {
        const login = await openWholeLogin();
        const unwatch = login.watchStatements();
        const name = await login.runWithFault(nth, mode).finally(unwatch);
        const context = `call ${nth}, ${name}`;
        expect(await findUnaccounted(login.store), context).toEqual([]);
        const token = await login.recover();
        expect(await login.open(token), context).not.toBeNull();
        expect(await findUnaccounted(login.store), context).toEqual([]);
        if (name === null) {
          break;
        }
        failed.push(name);
      }
      // Calls to every dependency were among them.
      for (const part of [
        'clock.',
        'log.',
        'pauth.',
        'limits.',
        'notifications.',
        'subscription.',
        'sealer.',
      ]) {
        expect(failed.filter((name) => name.startsWith(part))).not.toEqual([]);
      }
      expect(failed.filter((name) => name === 'commit').length).toBeGreaterThanOrEqual(4);
      expect(
        failed.filter((name) => /^(select|insert|update|delete)/i.test(name)).length,
      ).toBeGreaterThan(20);
    },
  );
});
