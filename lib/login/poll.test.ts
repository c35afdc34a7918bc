import { once } from 'node:events';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { startSandbox } from '#sandbox/server.ts';
import {
  ATTEMPT_TTL_MS,
  FIRST_CHECK_MS,
  openLogin,
  TEST_CLIENT,
  type TestLogin,
} from '#tests/support/test-login.ts';
import { createToken } from '../crypto/token.ts';
import { systemClock } from '../shared/clock.ts';
import type { StartedAttempt } from './browsers.ts';
import { cancelAttempt } from './cancel.ts';
import { checkIfDue, LAST_CHECK_MS } from './check.ts';
import { HeldPoll, untilAnswered } from './held-poll.ts';
import { MAX_HELD_POLLS, pollAttempt } from './poll.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

/** Shorter than the time until a held poll reads the attempt again without a notification. */
const promptly = { timeout: FIRST_CHECK_MS - 500 };

/** Shorter than a lease that a test sets. */
const soonerThanTheLease = { timeout: 10_000 };

/** Milliseconds until the next check. */
async function pauseOf(login: TestLogin, started: StartedAttempt): Promise<number> {
  return (await login.stored(started)).next_check_at - login.clock.now();
}

/** Pauses have a jitter of up to 25 %, so that attempts do not all ask at once. */
function expectAbout(pauseMs: number, leastMs: number): void {
  expect(pauseMs).toBeGreaterThanOrEqual(leastMs);
  expect(pauseMs).toBeLessThanOrEqual(leastMs * 1.25);
}

/** A poll that is held, and how it goes on when its wait is over. */
async function openHeldPoll(holdMs: number) {
  const login = await openLogin(sandbox);
  const started = await login.start();
  const poll = { holdMs, isPrompted: false, client: { info: TEST_CLIENT } };
  const held = await pollAttempt(login.deps, started.attemptToken, poll);
  if (!(held instanceof HeldPoll)) {
    throw new Error(`the poll was answered: ${held.status}`);
  }
  onTestFinished(() => held.close());
  const resume = (deps = login.deps) => pollAttempt(deps, started.attemptToken, poll, held);
  return { login, started, held, resume };
}

describe('polling', () => {
  it('answers an unknown token with missing, without a vendor request', async () => {
    const login = await openLogin(sandbox);
    await login.start();
    login.clock.advance(FIRST_CHECK_MS);
    const poll = { holdMs: 60_000, isPrompted: false, client: { info: TEST_CLIENT } };
    expect(await pollAttempt(login.deps, createToken(), poll)).toEqual({ status: 'missing' });
    expect(await login.countRequests('check')).toBe(0);
  });

  it('answers an attempt without a call with pending and the remaining time', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    login.clock.advance(FIRST_CHECK_MS);
    expect(await login.poll(started)).toEqual({
      status: 'pending',
      expiresInMs: ATTEMPT_TTL_MS - FIRST_CHECK_MS,
      pollAfterMs: 2_000,
    });
    expect(await login.countRequests('check')).toBe(1);
  });

  it('slows down with age where polls are not held, so that thirty polls outlast an attempt', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    let polls = 0;
    for (;;) {
      const outcome = await login.poll(started);
      polls += 1;
      if (outcome.status !== 'pending') {
        expect(outcome).toMatchObject({ status: 'expired' });
        break;
      }
      login.clock.advance(outcome.pollAfterMs);
    }
    expect(polls).toBeLessThanOrEqual(30);
  });
});

describe('the vendor is asked', () => {
  it.each([
    { ageMs: 2_000, everyMs: 2_000 },
    { ageMs: 59_999, everyMs: 2_000 },
    { ageMs: 60_000, everyMs: 3_000 },
    { ageMs: 120_000, everyMs: 5_000 },
    { ageMs: 280_000, everyMs: 5_000 },
  ])('at most every $everyMs ms at the age of $ageMs ms', async ({ ageMs, everyMs }) => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    login.clock.advance(ageMs);
    await login.poll(started);
    expect(await login.countRequests('check')).toBe(1);
    login.clock.advance(everyMs - 1);
    await Promise.all(Array.from({ length: 5 }, () => login.poll(started)));
    expect(await login.countRequests('check')).toBe(1);
    login.clock.advance(1);
    await login.poll(started);
    expect(await login.countRequests('check')).toBe(2);
  });

  it('once when many tabs poll at the same moment', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.control.addFault({
      kind: 'delay',
      delay_ms: 50,
      phone_number: login.phoneNumber,
    });
    login.clock.advance(FIRST_CHECK_MS);
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => login.poll(started)));
    expect(outcomes.every(({ status }) => status === 'pending')).toBe(true);
    expect(await login.countRequests('check')).toBe(1);
  });

  it('again after the lease of a process that died while asking', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.store
      .updateTable('attempts')
      .set({ check_leased_until: login.clock.now() + 5_000, next_check_at: 0 })
      .execute();
    login.clock.advance(4_999);
    await login.poll(started);
    expect(await login.countRequests('check')).toBe(0);
    login.clock.advance(1);
    await login.poll(started);
    expect(await login.countRequests('check')).toBe(1);
  });
});

describe('a failing vendor', () => {
  it.each([
    { code: 'pauth_failed', fault: { kind: 'status', status: 401 } },
    { code: 'pauth_failed', fault: { kind: 'status', status: 403 } },
    { code: 'pauth_failed', fault: { kind: 'status', status: 422 } },
    { code: 'pauth_failed', fault: { kind: 'status', status: 500 } },
    { code: 'pauth_failed', fault: { kind: 'status', status: 503 } },
    { code: 'pauth_unreachable', fault: { kind: 'reset' } },
    { code: 'pauth_timed_out', fault: { kind: 'delay', delay_ms: 60_000 } },
    { code: 'pauth_timed_out', fault: { kind: 'slow_body', interval_ms: 20 } },
    { code: 'pauth_failed', fault: { kind: 'malformed' } },
    {
      code: 'pauth_failed',
      fault: { kind: 'malformed', body: '{"status":"verified","phone_number":1}' },
    },
    { code: 'pauth_failed', fault: { kind: 'huge_body', bytes: 200_000, after: true } },
    { code: 'pauth_failed', fault: { kind: 'redirect', location: 'http://127.0.0.1:9/' } },
  ] as const)('leaves the attempt pending and is asked again: $fault', async ({ code, fault }) => {
    const login = await openLogin(sandbox, { rules: { pauthTimeoutMs: 400 } });
    const started = await login.start();
    await login.control.addFault({ ...fault, match: 'check', phone_number: login.phoneNumber });
    login.clock.advance(FIRST_CHECK_MS);
    expect(await login.poll(started)).toEqual({
      status: 'trouble',
      failure: { code, retryAfterSeconds: expect.toBeOneOf([2, 3]) },
    });
    expect(await login.stored(started)).toMatchObject({ state: 'pending', check_failures: 1 });

    await login.control.clearFaults(login.phoneNumber);
    await login.call(started);
    login.clock.advance(await pauseOf(login, started));
    expect(await login.poll(started)).toMatchObject({ status: 'completed' });
  });

  it('is asked after longer pauses with each failure, up to 15 seconds, until one answer succeeds', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.control.addFault({
      kind: 'status',
      status: 429,
      match: 'check',
      phone_number: login.phoneNumber,
    });
    login.clock.advance(FIRST_CHECK_MS);
    for (const [failures, leastMs] of [2_000, 4_000, 8_000, 15_000, 15_000].entries()) {
      const outcome = await login.poll(started);
      const pauseMs = await pauseOf(login, started);
      expectAbout(pauseMs, leastMs);
      expect(outcome).toMatchObject({
        status: 'trouble',
        failure: { retryAfterSeconds: Math.ceil(pauseMs / 1_000) },
      });
      login.clock.advance(pauseMs - 1);
      expect(await login.poll(started)).toMatchObject({ status: 'pending' });
      expect(await login.countRequests('check')).toBe(failures + 1);
      login.clock.advance(1);
    }
    await login.control.clearFaults(login.phoneNumber);
    expect(await login.poll(started)).toMatchObject({ status: 'pending' });
    expect(await login.stored(started)).toMatchObject({ check_failures: 0 });
  });

  it.each([
    { asked: 20, pauseSeconds: 20 },
    { asked: 86_400, pauseSeconds: 30 },
  ])(
    'that sends Retry-After: $asked is not asked for $pauseSeconds s',
    async ({ asked, pauseSeconds }) => {
      const login = await openLogin(sandbox);
      const started = await login.start();
      await login.control.addFault({
        kind: 'status',
        status: 503,
        retry_after_seconds: asked,
        match: 'check',
        times: 1,
        phone_number: login.phoneNumber,
      });
      login.clock.advance(FIRST_CHECK_MS);
      const outcome = await login.poll(started);
      const pauseMs = await pauseOf(login, started);
      expectAbout(pauseMs, pauseSeconds * 1_000);
      expect(outcome).toMatchObject({
        failure: { retryAfterSeconds: Math.ceil(pauseMs / 1_000) },
      });
      login.clock.advance(pauseMs - 1);
      await login.poll(started);
      expect(await login.countRequests('check')).toBe(1);
      login.clock.advance(1);
      await login.poll(started);
      expect(await login.countRequests('check')).toBe(2);
    },
  );

  it('that recovers ends a held poll at once', promptly, async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.control.addFault({
      kind: 'status',
      status: 429,
      match: 'check',
      times: 1,
      phone_number: login.phoneNumber,
    });
    login.clock.advance(FIRST_CHECK_MS);
    await login.poll(started, 25_000);
    login.clock.advance(await pauseOf(login, started));
    expect(await login.poll(started, 25_000)).toMatchObject({ status: 'pending' });
  });
});

describe('an attempt', () => {
  it('expires by our own clock without a vendor request, also on later polls', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    login.clock.advance(ATTEMPT_TTL_MS + LAST_CHECK_MS);
    const expired = { status: 'expired', code: 'attempt_expired' };
    expect(await login.poll(started, 25_000)).toEqual(expired);
    expect(await login.poll(started, 25_000)).toEqual(expired);
    expect(await login.countRequests('check')).toBe(0);
    expect(await login.eventTypes()).toEqual(['attempt_started', 'attempt_expired']);
  });

  it('is checked once more when its lifetime ends, for a call in the last seconds', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    login.clock.advance(ATTEMPT_TTL_MS - 1_000);
    expect(await login.poll(started)).toMatchObject({ status: 'pending' });
    await login.call(started);
    login.clock.advance(1_000);
    expect(await login.poll(started)).toMatchObject({ status: 'completed' });
    expect(await login.countRequests('check')).toBe(2);
  });

  it('without a call gets that last check and no other', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    login.clock.advance(ATTEMPT_TTL_MS);
    expect(await login.poll(started)).toMatchObject({ status: 'expired' });
    expect(await login.countRequests('check')).toBe(1);
  });

  it('expires when the vendor says so', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.control.advanceClock(301, login.phoneNumber);
    login.clock.advance(FIRST_CHECK_MS);
    expect(await login.poll(started)).toEqual({ status: 'expired', code: 'attempt_expired' });
    expect(await login.stored(started)).toMatchObject({ state: 'expired' });
  });

  it('with a vendor status that the guide does not name stays pending until its lifetime ends', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.control.addFault({
      kind: 'malformed',
      body: '{"status":"ringing"}',
      match: 'check',
      phone_number: login.phoneNumber,
    });
    login.clock.advance(FIRST_CHECK_MS);
    expect(await login.poll(started)).toMatchObject({ status: 'pending' });
    expect(await login.stored(started)).toMatchObject({ state: 'pending', check_failures: 0 });
    expect(login.logged()).toMatch(/"event":"pauth_unknown_status".*"status":"ringing"/);
    login.clock.advance(ATTEMPT_TTL_MS - FIRST_CHECK_MS);
    expect(await login.poll(started)).toEqual({ status: 'expired', code: 'attempt_expired' });
    expect(await login.countRequests('check')).toBe(2);
  });

  it('fails when the vendor no longer knows it', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.control.addFault({
      kind: 'status',
      status: 404,
      match: 'check',
      phone_number: login.phoneNumber,
    });
    login.clock.advance(FIRST_CHECK_MS);
    expect(await login.poll(started)).toEqual({ status: 'failed', code: 'attempt_failed' });
    expect(await login.stored(started)).toMatchObject({
      state: 'failed',
      failure: 'attempt_failed',
    });
  });

  it('fails without a login when the vendor verifies another number', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.control.addFault({
      kind: 'wrong_number',
      answered_phone_number: '+818011112222',
      phone_number: login.phoneNumber,
    });
    login.clock.advance(FIRST_CHECK_MS);
    const failed = { status: 'failed', code: 'attempt_failed' };
    expect(await login.poll(started)).toEqual(failed);
    await login.control.clearFaults(login.phoneNumber);
    await login.call(started);
    login.clock.advance(60_000);
    expect(await login.poll(started)).toEqual(failed);
    expect(await login.countSessions()).toBe(0);
    expect(await login.store.selectFrom('users').selectAll().execute()).toEqual([]);
    expect(await login.eventTypes()).toEqual(['attempt_started', 'attempt_failed']);
    expect(login.logged()).toContain('pauth_number_mismatch');
    expect(login.logged()).not.toMatch(/8011112222/);
    expect(login.logged()).not.toContain(login.phoneNumber.slice(1));
  });

  it.each(['null', '"anonymous"', '"sip:09012345678@host"'])(
    'fails without a login when the vendor verifies the number %s',
    async (number) => {
      const login = await openLogin(sandbox);
      const started = await login.start();
      await login.control.addFault({
        kind: 'status',
        match: 'check',
        status: 200,
        body: `{"status":"verified","phone_number":${number}}`,
        phone_number: login.phoneNumber,
      });
      login.clock.advance(FIRST_CHECK_MS);
      expect(await login.poll(started)).toEqual({ status: 'failed', code: 'attempt_failed' });
      expect(await login.countSessions()).toBe(0);
      expect(login.logged()).toContain('pauth_number_unreadable');
      await login.control.clearFaults(login.phoneNumber);
    },
  );

  it('does not expire when its event cannot be written', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await login.store.schema.dropTable('events').execute();
    login.clock.advance(ATTEMPT_TTL_MS);
    await expect(login.poll(started)).rejects.toThrow();
    expect(await login.stored(started)).toMatchObject({ state: 'pending' });
  });
});

describe('a held poll', () => {
  it('ends when the hold time has passed', async () => {
    const login = await openLogin(sandbox, { clock: systemClock });
    const started = await login.start();
    expect(await login.poll(started, 60)).toMatchObject({ status: 'pending', pollAfterMs: 1_940 });
    expect(await login.countRequests('check')).toBe(0);
  });

  it('ends at once when the attempt is cancelled', promptly, async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    const held = login.poll(started, 25_000);
    await cancelAttempt(login.deps, started.attemptToken);
    expect(await held).toEqual({ status: 'cancelled', code: 'attempt_cancelled' });
  });

  it('ends at once when the attempt is cancelled just after it was read', promptly, async () => {
    const login = await openLogin(sandbox);
    const { deps } = login;
    const started = await login.start();
    let reads = 0;
    const store = deps.store.withPlugin({
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        reads += 1;
        if (reads === 1) {
          await cancelAttempt(deps, started.attemptToken);
        }
        return result;
      },
    });
    const poll = { holdMs: 25_000, isPrompted: false, client: { info: TEST_CLIENT } };
    const held = untilAnswered((known) =>
      pollAttempt({ ...deps, store }, started.attemptToken, poll, known),
    );
    expect(await held).toEqual({ status: 'cancelled', code: 'attempt_cancelled' });
  });

  it(
    'reads the attempt once before it waits, and once after a notification',
    promptly,
    async () => {
      const login = await openLogin(sandbox);
      const { deps } = login;
      const started = await login.start();
      await login.poll(started);
      let reads = 0;
      const store = deps.store.withPlugin({
        transformQuery: ({ node }) => node,
        async transformResult({ result }) {
          reads += result.rows.some((row) => 'token_hash' in row) ? 1 : 0;
          return result;
        },
      });
      const poll = { holdMs: 25_000, isPrompted: false, client: { info: TEST_CLIENT } };
      const held = untilAnswered((known) =>
        pollAttempt({ ...deps, store }, started.attemptToken, poll, known),
      );
      await expect.poll(() => deps.notifications.hasSubscribers(), { interval: 5 }).toBe(true);
      expect(reads).toBe(1);
      await cancelAttempt(deps, started.attemptToken);
      expect(await held).toMatchObject({ status: 'cancelled' });
      expect(reads).toBe(2);
    },
  );

  it('whose check is due asks the vendor without reading the attempt again', async () => {
    const { login, held, resume } = await openHeldPoll(25_000);
    login.clock.advance(FIRST_CHECK_MS);
    let rows = 0;
    const store = login.store.withPlugin({
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        rows += result.rows.filter((row) => 'token_hash' in row).length;
        return result;
      },
    });
    expect(await resume({ ...login.deps, store })).toBe(held);
    expect(await login.countRequests('check')).toBe(1);
    // As it is after the check.
    expect(rows).toBe(1);
  });

  it('whose check is due when its hold time has passed asks the vendor before it ends', async () => {
    const { login, resume } = await openHeldPoll(FIRST_CHECK_MS);
    login.clock.advance(FIRST_CHECK_MS);
    expect(await resume()).toMatchObject({ status: 'pending' });
    expect(await login.countRequests('check')).toBe(1);
  });

  it('whose check another process has made meanwhile reads what became of it', async () => {
    const { login, started, resume } = await openHeldPoll(25_000);
    login.clock.advance(FIRST_CHECK_MS);
    await login.call(started);
    await checkIfDue(login.otherProcess(), await login.stored(started));
    expect(await resume()).toMatchObject({ status: 'completed' });
    expect(await login.countRequests('check')).toBe(1);
  });

  it(
    'reads the attempt again soon after another process releases its lease, not only when the lease ends',
    soonerThanTheLease,
    async () => {
      const login = await openLogin(sandbox, { clock: systemClock });
      const started = await login.start();
      await login.call(started);
      const now = login.deps.clock.now();
      const lease = { next_check_at: now, check_leased_until: now + 20_000 };
      await login.store.updateTable('attempts').set(lease).execute();
      const held = login.poll(started, 25_000);
      await expect
        .poll(() => login.deps.notifications.hasSubscribers(), { interval: 5 })
        .toBe(true);
      await login.store.updateTable('attempts').set({ check_leased_until: 0 }).execute();
      expect(await held).toMatchObject({ status: 'completed' });
    },
  );

  it(
    'is answered at once when too many polls are held for the same attempt',
    promptly,
    async () => {
      const login = await openLogin(sandbox);
      const { notifications } = login.deps;
      const started = await login.start();
      const held = Array.from({ length: MAX_HELD_POLLS }, () => login.poll(started, 25_000));
      const count = () => notifications.subscriberCount(started.attempt.id);
      await expect.poll(count, { interval: 5, timeout: 10_000 }).toBe(MAX_HELD_POLLS);
      expect(await login.poll(started, 25_000)).toMatchObject({ status: 'pending' });
      expect(count()).toBe(MAX_HELD_POLLS);
      notifications.close();
      await Promise.all(held);
    },
  );

  it('ends at once when the client disconnects', promptly, async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    const leaving = new AbortController();
    const held = login.poll(started, 25_000, leaving.signal);
    const left = once(leaving.signal, 'abort');
    setImmediate(() => leaving.abort());
    await left;
    expect(await held).toMatchObject({ status: 'pending' });
  });
});
