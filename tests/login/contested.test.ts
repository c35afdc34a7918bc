import { afterAll, describe, expect, it } from 'vitest';
import { createToken } from '#lib/crypto/token.ts';
import { readAttemptStatus } from '#lib/login/attempt-status.ts';
import type { StartedAttempt } from '#lib/login/browsers.ts';
import { handleCallback } from '#lib/login/callback.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import { checkIfDue } from '#lib/login/check.ts';
import { startAttempt } from '#lib/login/start.ts';
import { insertUser } from '#lib/store/users.ts';
import { startSandbox } from '#sandbox/server.ts';
import {
  ATTEMPT_TTL_MS,
  FIRST_CHECK_MS,
  openLogin,
  TEST_NETWORK,
  type TestLogin,
} from '#tests/support/test-login.ts';

/** A vendor that matches calls by the caller alone and has a single call number. */
const careless = await startSandbox({ callbacks: 'off', call_numbers: 'shared', match: 'caller' });
afterAll(() => careless.close());

const contested = { status: 'contested', code: 'attempt_contested', retryAfterSeconds: 300 };

/** Starts attempts of two browsers for the same phone number. */
async function startBoth(login: TestLogin) {
  const theirs = await login.start('theirs');
  return { theirs, mine: await login.start() };
}

async function verify(login: TestLogin, started: StartedAttempt): Promise<void> {
  await login.call(started);
  await handleCallback(login.deps, await login.callbackTokenOf(started));
}

describe('one call that two browsers are waiting for', () => {
  it('logs neither in and records both as contested', async () => {
    const login = await openLogin(careless);
    const { mine, theirs } = await startBoth(login);
    await login.call(mine);
    login.clock.advance(FIRST_CHECK_MS);
    expect(await login.poll(theirs)).toEqual(contested);
    expect(await login.poll(mine)).toEqual(contested);
    expect(await login.countSessions()).toBe(0);
    expect(await login.store.selectFrom('users').selectAll().execute()).toEqual([]);
    expect(await login.eventTypes(mine)).toEqual(['attempt_started', 'attempt_contested']);
    expect(await login.eventTypes(theirs)).toEqual([
      'attempt_started',
      'attempt_verified',
      'attempt_contested',
    ]);
    expect(login.logged()).toContain('attempt_contested');
  });

  it('logs neither in when both poll at the same time', async () => {
    const login = await openLogin(careless);
    const { mine, theirs } = await startBoth(login);
    await login.call(mine);
    login.clock.advance(FIRST_CHECK_MS);
    const outcomes = await Promise.all(
      [mine, theirs, mine, theirs].map((started) => login.poll(started, 25_000)),
    );
    expect(outcomes).toEqual([contested, contested, contested, contested]);
    expect(await login.countSessions()).toBe(0);
  });

  it('is recorded once for the user who has the number', async () => {
    const login = await openLogin(careless);
    const { phoneNumber } = login;
    await insertUser(login.store, { id: 'owner', phoneNumber, createdAt: login.clock.now() });
    const { mine } = await startBoth(login);
    await verify(login, mine);
    expect(await login.poll(mine)).toEqual(contested);
    const events = await login.store.selectFrom('events').selectAll().execute();
    expect(events.filter(({ user_id }) => user_id === 'owner')).toMatchObject([
      { type: 'attempt_contested', attempt_id: mine.attempt.id },
    ]);
  });

  it('notifies the other browser’s held poll at once', async () => {
    const login = await openLogin(careless);
    const { mine, theirs } = await startBoth(login);
    const held = login.poll(theirs, 25_000);
    await verify(login, mine);
    expect(await login.poll(mine)).toEqual(contested);
    const since = performance.now();
    expect(await held).toEqual(contested);
    // Without the notification the poll would wait until the next check is due.
    expect(performance.now() - since).toBeLessThan(FIRST_CHECK_MS - 500);
  });

  it('logs in only the caller if each attempt has its own call number', async () => {
    const careful = await startSandbox({ callbacks: 'off' });
    const login = await openLogin(careful);
    const { mine, theirs } = await startBoth(login);
    await login.call(mine);
    login.clock.advance(FIRST_CHECK_MS);
    expect(await login.poll(mine)).toMatchObject({ status: 'completed' });
    expect(await login.poll(theirs)).toMatchObject({ status: 'pending' });
    await careful.close();
  });

  it('checks each rival attempt once, even with many concurrent polls', async () => {
    const careful = await startSandbox({ callbacks: 'off' });
    const login = await openLogin(careful);
    const { mine } = await startBoth(login);
    await verify(login, mine);
    const before = await login.countRequests('check');
    const polls = Array.from({ length: 20 }, () => login.poll(mine, 25_000));
    const outcomes = await Promise.all(polls);
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['completed']));
    expect(await login.countRequests('check')).toBe(before + 1);
    await careful.close();
  });

  it('logs neither in if the second got the first one’s call number, reused after its call', async () => {
    const careful = await startSandbox({ callbacks: 'off' });
    const login = await openLogin(careful);
    const mine = await login.start();
    await login.call(mine);
    const theirs = await login.start('theirs');
    expect(theirs.attempt.call_number).toBe(mine.attempt.call_number);
    login.clock.advance(FIRST_CHECK_MS);
    expect(await login.poll(mine)).toEqual(contested);
    expect(await login.poll(theirs)).toEqual(contested);
    expect(await login.countSessions()).toBe(0);
    await careful.close();
  });

  it('logs neither in if the call numbers differ but the vendor matches by the caller alone', async () => {
    const byCaller = await startSandbox({ callbacks: 'off', match: 'caller' });
    const login = await openLogin(byCaller);
    const { mine, theirs } = await startBoth(login);
    expect(mine.attempt.call_number).not.toBe(theirs.attempt.call_number);
    await login.call(mine);
    login.clock.advance(FIRST_CHECK_MS);
    expect(await login.poll(theirs)).toEqual(contested);
    expect(await login.poll(mine)).toEqual(contested);
    expect(await login.countSessions()).toBe(0);
    await byCaller.close();
  });

  it('waits for the vendor’s response to the other browser’s start', async () => {
    const login = await openLogin(careless);
    const theirs = await login.start('theirs');
    await login.control.addFault({
      kind: 'delay',
      delay_ms: 400,
      after: true,
      match: 'create',
      times: 1,
      phone_number: login.phoneNumber,
    });
    const myStart = login.start();
    await expect.poll(() => login.control.sessions(login.phoneNumber)).toHaveLength(2);
    await verify(login, theirs);
    expect(await login.poll(theirs)).toMatchObject({ status: 'pending' });
    await myStart;
    expect(await login.poll(theirs)).toEqual(contested);
    expect(await login.countSessions()).toBe(0);
  });

  it('does not wait for starts that began after the call was known', async () => {
    const careful = await startSandbox({ callbacks: 'off' });
    const login = await openLogin(careful);
    const { mine } = await startBoth(login);
    await verify(login, mine);
    await checkIfDue(login.deps, await login.stored(mine));
    login.clock.advance(1);
    const { phoneNumber } = login;
    const fault = { kind: 'delay', delay_ms: 5_000, match: 'create' } as const;
    await login.control.addFault({ ...fault, phone_number: phoneNumber });
    const later = startAttempt(login.deps, phoneNumber, login.newBrowser);
    await expect.poll(() => login.countRequests('create')).toBe(3);
    expect(await login.poll(mine)).toMatchObject({ status: 'completed' });
    expect(await later).toMatchObject({ ok: false });
    await careful.close();
  });

  it('logs nobody in while the check of the rival fails', async () => {
    const careful = await startSandbox({ callbacks: 'off' });
    const login = await openLogin(careful);
    const { mine } = await startBoth(login);
    await verify(login, mine);
    const fault = { match: 'check', kind: 'status', status: 500 } as const;
    await login.control.addFault({ ...fault, phone_number: login.phoneNumber });
    expect(await login.poll(mine)).toMatchObject({ status: 'trouble' });
    expect(await login.countSessions()).toBe(0);
    await login.control.clearFaults(login.phoneNumber);
    expect(await login.poll(mine)).toMatchObject({ status: 'completed' });
    await careful.close();
  });

  it('does not complete an attempt that got its call number only after the call', async () => {
    const login = await openLogin(careless);
    await login.control.addFault({
      kind: 'delay',
      delay_ms: 400,
      after: true,
      match: 'create',
      times: 1,
      phone_number: login.phoneNumber,
    });
    const theirStart = login.start('theirs');
    await expect.poll(() => login.control.sessions(login.phoneNumber)).toHaveLength(1);
    const mine = await login.start();
    login.clock.advance(1);
    await verify(login, mine);
    await login.poll(mine);

    const theirs = await theirStart;
    login.clock.advance((await login.stored(theirs)).next_check_at - login.clock.now());
    expect(await login.poll(theirs)).toEqual(contested);
  });
});

describe('fifty attempts of others for one phone number', () => {
  const OTHERS = 50;

  async function startMany(login: TestLogin, count: number): Promise<StartedAttempt[]> {
    const started: StartedAttempt[] = [];
    while (started.length < count) {
      started.push(await login.start(createToken()));
    }
    return started;
  }

  it.each([
    ['started before the owner’s', OTHERS, 0],
    ['started after the owner’s', 0, OTHERS],
    ['some before and some after the owner’s', OTHERS / 2, OTHERS / 2],
  ])('do not keep the owner out if each has its own call number: %s', async (_, before, after) => {
    const careful = await startSandbox({ callbacks: 'off' });
    const login = await openLogin(careful);
    await startMany(login, before);
    login.clock.advance(60_000);
    const mine = await login.start();
    await startMany(login, after);
    await verify(login, mine);
    expect(await login.poll(mine)).toMatchObject({ status: 'completed' });
    await careful.close();
  });

  it('cost few vendor requests once one of them shows that the vendor goes by the call number', async () => {
    const careful = await startSandbox({ callbacks: 'off' });
    const login = await openLogin(careful);
    await startMany(login, OTHERS);
    login.clock.advance(60_000);
    const mine = await login.start();
    await verify(login, mine);
    await login.poll(mine);
    // Of the owner's attempt, and of the twenty oldest others.
    expect(await login.countRequests('check')).toBe(1 + 20);
    await careful.close();
  });

  it('do not hide the owner’s attempt from the vendor’s answer if it goes by the caller alone', async () => {
    const byCaller = await startSandbox({ callbacks: 'off', match: 'caller' });
    const login = await openLogin(byCaller);
    const others = await startMany(login, OTHERS / 2);
    login.clock.advance(60_000);
    const mine = await login.start();
    await login.call(mine);
    // What is started now waits for a call that has already come.
    await startMany(login, OTHERS / 2);
    login.clock.advance(FIRST_CHECK_MS);
    for (const started of [...others, mine]) {
      expect(await login.poll(started)).toEqual(contested);
    }
    expect(await login.countSessions()).toBe(0);
    await byCaller.close();
  });
});

describe('a copied cookie of an earlier attempt', () => {
  /** Ends an attempt of the browser. @returns a start by an attacker who has copied its browser token. */
  async function copyCookie(login: TestLogin) {
    const earlier = await login.start();
    await login.poll(earlier);
    await cancelAttempt(login.deps, earlier.attemptToken);
    const { browserToken } = earlier;
    return async () => {
      const started = await startAttempt(login.deps, login.phoneNumber, {
        browserToken,
        network: '198.51.100.9',
      });
      if (!started.ok) {
        throw new Error(started.error.code);
      }
      return started.value;
    };
  }

  it('counts as another browser once the browser has polled its next attempt', async () => {
    const login = await openLogin(careless);
    const startWithCopy = await copyCookie(login);
    const mine = await login.start();
    await login.poll(mine);
    const theirs = await startWithCopy();
    expect(await login.poll(mine)).toMatchObject({ status: 'pending' });
    await verify(login, mine);
    expect(await login.poll(mine)).toEqual(contested);
    expect(await login.poll(theirs)).toEqual(contested);
    expect(await login.countSessions()).toBe(0);
  });

  it('counts as another browser once the page has shown its next attempt, without scripts', async () => {
    const login = await openLogin(careless);
    const startWithCopy = await copyCookie(login);
    const mine = await startWithCopy();
    await readAttemptStatus(login.deps, mine.attemptToken);
    const theirs = await startWithCopy();
    await login.call(mine);
    login.clock.advance(FIRST_CHECK_MS);
    expect(await login.poll(theirs)).toEqual(contested);
    expect(await login.poll(mine)).toEqual(contested);
    expect(await login.countSessions()).toBe(0);
  });

  it('makes the original browser count as another if the copy is used first', async () => {
    const login = await openLogin(careless);
    const startWithCopy = await copyCookie(login);
    const theirs = await startWithCopy();
    await login.poll(theirs);
    const mine = await login.start();
    await verify(login, mine);
    expect(await login.poll(mine)).toEqual(contested);
    expect(await login.poll(theirs)).toEqual(contested);
    expect(await login.countSessions()).toBe(0);
  });

  it('has its attempt cancelled by the browser’s own next one', async () => {
    const login = await openLogin(careless);
    const startWithCopy = await copyCookie(login);
    const theirs = await startWithCopy();
    const mine = await login.start();
    await verify(login, mine);
    expect(await login.poll(mine)).toMatchObject({ status: 'completed' });
    expect(await login.poll(theirs)).toMatchObject({ status: 'cancelled' });
    expect(await login.countSessions()).toBe(1);
  });
});

it('a start whose response was lost is no rival of the same browser’s next attempt', async () => {
  const login = await openLogin(careless);
  const earlier = await login.start();
  const { browserToken } = earlier;
  const browser = { browserToken, network: TEST_NETWORK };
  await startAttempt(login.deps, login.phoneNumber, browser);
  const again = await startAttempt(login.deps, login.phoneNumber, browser);
  if (!again.ok) {
    throw new Error(again.error.code);
  }
  await verify(login, again.value);
  expect(await login.poll(again.value)).toMatchObject({ status: 'completed' });
});

describe('a rival attempt that ended without a login', () => {
  const ends: Record<string, (login: TestLogin, theirs: StartedAttempt) => Promise<void>> = {
    cancelled: async (login, theirs) => await cancelAttempt(login.deps, theirs.attemptToken),
    expired: async (login, theirs) => {
      login.clock.advance(ATTEMPT_TTL_MS);
      await login.poll(theirs);
    },
    abandoned: async (login) => login.clock.advance(ATTEMPT_TTL_MS),
  };

  it.each(Object.keys(ends))('still counts for one attempt lifetime: %s', async (end) => {
    const login = await openLogin(careless);
    const theirs = await login.start('theirs');
    await ends[end]?.(login, theirs);
    login.clock.advance(ATTEMPT_TTL_MS);
    const mine = await login.start();
    await verify(login, mine);
    expect(await login.poll(mine)).toEqual(contested);
    expect(await login.countSessions()).toBe(0);
  });

  it.each(Object.keys(ends))('counts however late the other attempt is polled: %s', async (end) => {
    const login = await openLogin(careless);
    const theirs = await login.start('theirs');
    await ends[end]?.(login, theirs);
    login.clock.advance(1_000);
    const mine = await login.start();
    await verify(login, mine);
    login.clock.advance(ATTEMPT_TTL_MS - 500);
    expect(await login.poll(mine)).toEqual(contested);
    expect(await login.countSessions()).toBe(0);
  });

  it.each(Object.keys(ends))('no longer counts after one attempt lifetime: %s', async (end) => {
    const login = await openLogin(careless);
    const theirs = await login.start('theirs');
    await ends[end]?.(login, theirs);
    login.clock.advance(ATTEMPT_TTL_MS + 1);
    const mine = await login.start();
    await verify(login, mine);
    expect(await login.poll(mine)).toMatchObject({ status: 'completed' });
  });

  it('keeps its own state', async () => {
    const login = await openLogin(careless);
    const { mine, theirs } = await startBoth(login);
    await cancelAttempt(login.deps, theirs.attemptToken);
    await verify(login, mine);
    expect(await login.poll(mine)).toEqual(contested);
    expect(await login.poll(theirs)).toMatchObject({ status: 'cancelled' });
    expect(await login.eventTypes(theirs)).toEqual(['attempt_started', 'attempt_cancelled']);
  });

  it('still counts if it was contested: an immediate retry is contested too', async () => {
    const login = await openLogin(careless);
    const { mine, theirs } = await startBoth(login);
    await verify(login, mine);
    expect(await login.poll(mine)).toEqual(contested);
    expect(await login.poll(theirs)).toEqual(contested);
    const again = await login.start();
    await verify(login, again);
    expect(await login.poll(again)).toEqual(contested);
  });

  it('says when it counts no longer: a retry after that is not contested', async () => {
    const login = await openLogin(careless);
    const { mine } = await startBoth(login);
    await verify(login, mine);
    expect(await login.poll(mine)).toEqual(contested);
    login.clock.advance(61_000);
    expect(await login.poll(mine)).toEqual({ ...contested, retryAfterSeconds: 240 });
    login.clock.advance(240_000);
    const again = await login.start();
    await verify(login, again);
    expect(await login.poll(again)).toMatchObject({ status: 'completed' });
  });
});

describe('an attempt is not contested by', () => {
  it('an earlier attempt of the same browser', async () => {
    const login = await openLogin(careless);
    const earlier = await login.start();
    await cancelAttempt(login.deps, earlier.attemptToken);
    const mine = await login.start();
    await verify(login, mine);
    expect(await login.poll(mine)).toMatchObject({ status: 'completed' });
  });

  it('a login of another browser completed before its start', async () => {
    const login = await openLogin(careless);
    const theirs = await login.start('theirs');
    await verify(login, theirs);
    expect(await login.poll(theirs)).toMatchObject({ status: 'completed' });
    const mine = await login.start();
    await verify(login, mine);
    expect(await login.poll(mine)).toMatchObject({ status: 'completed' });
    expect(await login.countSessions()).toBe(2);
  });

  it('an attempt for another phone number with the same call number', async () => {
    const login = await openLogin(careless);
    const other = await openLogin(careless);
    const theirs = await login.start('theirs', other.phoneNumber);
    const mine = await login.start();
    expect(theirs.attempt.call_number).toBe(mine.attempt.call_number);
    await verify(login, mine);
    expect(await login.poll(mine)).toMatchObject({ status: 'completed' });
  });
});
