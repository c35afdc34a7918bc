import { afterAll, describe, expect, it, vi } from 'vitest';
import { readAttemptStatus } from '#lib/login/attempt-status.ts';
import { takeCallback } from '#lib/login/callback.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import { type StartedAttempt, startAttempt } from '#lib/login/start.ts';
import { insertUser } from '#lib/store/users.ts';
import { startSandbox } from '#sandbox/server.ts';
import {
  ATTEMPT_TTL_MS,
  FIRST_CHECK_MS,
  openLogin,
  TEST_NETWORK,
  type TestLogin,
} from '#tests/support/test-login.ts';

/** A vendor that matches calls by caller alone and has one number to call. */
const careless = await startSandbox({ callbacks: 'off', callNumbers: 'shared', match: 'caller' });
afterAll(() => careless.close());

const contested = { status: 'contested', code: 'attempt_contested' };

/** Two browsers that wait for a call from the same number. */
async function startBoth(login: TestLogin) {
  const theirs = await login.start('theirs');
  return { theirs, mine: await login.start() };
}

async function verify(login: TestLogin, started: StartedAttempt): Promise<void> {
  await login.call(started);
  await takeCallback(login.deps, await login.callbackTokenOf(started));
}

describe('one call that two browsers wait for', () => {
  it('logs neither in, whoever polls first, and records both', async () => {
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

  it('logs neither in when both poll at the same moment', async () => {
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

  it('is told once to who has the number, where they have an account', async () => {
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

  it('tells the other page at once', async () => {
    const login = await openLogin(careless);
    const { mine, theirs } = await startBoth(login);
    const held = login.poll(theirs, 25_000);
    await verify(login, mine);
    expect(await login.poll(mine)).toEqual(contested);
    const since = performance.now();
    expect(await held).toEqual(contested);
    // Woken: by itself it would have looked again only when the next check is due.
    expect(performance.now() - since).toBeLessThan(FIRST_CHECK_MS - 500);
  });

  it('logs the caller in, and them alone, where each has a number of its own to call', async () => {
    const careful = await startSandbox({ callbacks: 'off' });
    const login = await openLogin(careful);
    const { mine, theirs } = await startBoth(login);
    await login.call(mine);
    login.clock.advance(FIRST_CHECK_MS);
    expect(await login.poll(mine)).toMatchObject({ status: 'completed' });
    expect(await login.poll(theirs)).toMatchObject({ status: 'pending' });
    await careful.close();
  });

  it('asks the vendor once for each other attempt, however many tabs find the call at once', async () => {
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

  it('logs neither in where the second was given the first one’s number, free again after its call', async () => {
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

  it('logs neither in where each has a number of its own and the vendor goes by the caller alone', async () => {
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

  it('waits for the vendor’s answer to the other browser’s start', async () => {
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
    await vi.waitFor(async () =>
      expect(await login.control.sessions(login.phoneNumber)).toHaveLength(2),
    );
    await verify(login, theirs);
    expect(await login.poll(theirs)).toMatchObject({ status: 'pending' });
    await myStart;
    expect(await login.poll(theirs)).toEqual(contested);
    expect(await login.countSessions()).toBe(0);
  });

  it('logs nobody in while the vendor does not say whose the call was', async () => {
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

  it('logs nobody in by an attempt that got its number to call only after the call was answered', async () => {
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
    await vi.waitFor(async () =>
      expect(await login.control.sessions(login.phoneNumber)).toHaveLength(1),
    );
    const mine = await login.start();
    login.clock.advance(1);
    await verify(login, mine);
    await login.poll(mine);

    const theirs = await theirStart;
    login.clock.advance((await login.stored(theirs)).next_check_at - login.clock.now());
    expect(await login.poll(theirs)).toEqual(contested);
  });
});

describe('a copy of the cookie that a browser had before', () => {
  /** A browser whose last attempt is over, and somebody who has copied what it left there. */
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

  it('is a stranger’s once the browser has come back with its next attempt', async () => {
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

  it('is a stranger’s once the browser has shown its next attempt, where no script polls', async () => {
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

  it('makes a stranger of the browser itself when it is used first', async () => {
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

  it('leads to nothing that outlives the browser’s own next attempt', async () => {
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

it('a start whose answer was lost makes no rival of the same browser’s next one', async () => {
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

describe('an attempt of another browser that ended without a login', () => {
  const ends: Record<string, (login: TestLogin, theirs: StartedAttempt) => Promise<void>> = {
    cancelled: async (login, theirs) => await cancelAttempt(login.deps, theirs.attemptToken),
    expired: async (login, theirs) => {
      login.clock.advance(ATTEMPT_TTL_MS);
      await login.poll(theirs);
    },
    'left to run out': async (login) => login.clock.advance(ATTEMPT_TTL_MS),
  };

  it.each(Object.keys(ends))('still counts for one time to live: %s', async (end) => {
    const login = await openLogin(careless);
    const theirs = await login.start('theirs');
    await ends[end]?.(login, theirs);
    login.clock.advance(ATTEMPT_TTL_MS);
    const mine = await login.start();
    await verify(login, mine);
    expect(await login.poll(mine)).toEqual(contested);
    expect(await login.countSessions()).toBe(0);
  });

  it.each(Object.keys(ends))(
    'counts however late the other one asks for its login: %s',
    async (end) => {
      const login = await openLogin(careless);
      const theirs = await login.start('theirs');
      await ends[end]?.(login, theirs);
      login.clock.advance(1_000);
      const mine = await login.start();
      await verify(login, mine);
      login.clock.advance(ATTEMPT_TTL_MS - 500);
      expect(await login.poll(mine)).toEqual(contested);
      expect(await login.countSessions()).toBe(0);
    },
  );

  it.each(Object.keys(ends))('no longer counts after that: %s', async (end) => {
    const login = await openLogin(careless);
    const theirs = await login.start('theirs');
    await ends[end]?.(login, theirs);
    login.clock.advance(ATTEMPT_TTL_MS + 1);
    const mine = await login.start();
    await verify(login, mine);
    expect(await login.poll(mine)).toMatchObject({ status: 'completed' });
  });

  it('keeps its own end and its own page', async () => {
    const login = await openLogin(careless);
    const { mine, theirs } = await startBoth(login);
    await cancelAttempt(login.deps, theirs.attemptToken);
    await verify(login, mine);
    expect(await login.poll(mine)).toEqual(contested);
    expect(await login.poll(theirs)).toMatchObject({ status: 'cancelled' });
    expect(await login.eventTypes(theirs)).toEqual(['attempt_started', 'attempt_cancelled']);
  });

  it('by being contested still counts: trying again at once gains nothing', async () => {
    const login = await openLogin(careless);
    const { mine, theirs } = await startBoth(login);
    await verify(login, mine);
    expect(await login.poll(mine)).toEqual(contested);
    expect(await login.poll(theirs)).toEqual(contested);
    const again = await login.start();
    await verify(login, again);
    expect(await login.poll(again)).toEqual(contested);
  });
});

describe('no contest', () => {
  it('is an earlier attempt of the same browser', async () => {
    const login = await openLogin(careless);
    const earlier = await login.start();
    await cancelAttempt(login.deps, earlier.attemptToken);
    const mine = await login.start();
    await verify(login, mine);
    expect(await login.poll(mine)).toMatchObject({ status: 'completed' });
  });

  it('is a login of another browser that was complete before', async () => {
    const login = await openLogin(careless);
    const theirs = await login.start('theirs');
    await verify(login, theirs);
    expect(await login.poll(theirs)).toMatchObject({ status: 'completed' });
    const mine = await login.start();
    await verify(login, mine);
    expect(await login.poll(mine)).toMatchObject({ status: 'completed' });
    expect(await login.countSessions()).toBe(2);
  });

  it('is an attempt for another phone number with the same number to call', async () => {
    const login = await openLogin(careless);
    const other = await openLogin(careless);
    const theirs = await login.start('theirs', other.phoneNumber);
    const mine = await login.start();
    expect(theirs.attempt.call_number).toBe(mine.attempt.call_number);
    await verify(login, mine);
    expect(await login.poll(mine)).toMatchObject({ status: 'completed' });
  });
});
