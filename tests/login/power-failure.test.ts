import { afterAll, describe, expect, inject, it } from 'vitest';
import { disableUser, logOutUser } from '#lib/accounts/manage.ts';
import type { StartedAttempt } from '#lib/login/browsers.ts';
import { handleCallback } from '#lib/login/callback.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import { closeSession, openSession } from '#lib/sessions/open.ts';
import { endOtherSessions } from '#lib/sessions/other-sessions.ts';
import { isStoreFailure } from '#lib/store/failure.ts';
import type { Store } from '#lib/store/schema.ts';
import { startSandbox } from '#sandbox/server.ts';
import { startPostgres } from '#tests/support/postgres.ts';
import { followFlushes } from '#tests/support/power.ts';
import {
  provideDatabaseOn,
  provideSharedDatabase,
  type TestDatabase,
} from '#tests/support/stores.ts';
import { newPhoneNumber, openLogin } from '#tests/support/test-login.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

/**
 * On PostgreSQL a server of its own, which these tests kill. Its log leaves its memory every ten seconds, or with a commit
 * that waits for that.
 */
const server =
  inject('dialect') === 'PostgreSQL'
    ? await startPostgres({ settings: ['synchronous_commit=on', 'wal_writer_delay=10s'] })
    : null;
afterAll(() => server?.remove());

/** An app on a database, and what a power failure would leave of that. */
async function openOnAny() {
  if (server === null) {
    const { power, ...others } = await openOnSqlite();
    return { ...others, afterPowerFailure: async () => power.afterPowerFailure() };
  }
  const database = await provideDatabaseOn(server);
  const afterPowerFailure = async () => {
    await server.stop('SIGQUIT');
    await server.start();
    return database.open();
  };
  return { ...(await open(database)), afterPowerFailure };
}

async function openOnSqlite() {
  const database = await provideSharedDatabase();
  const { place } = database;
  const opened = await open(database);
  return { ...opened, power: await followFlushes(place.kind === 'sqlite' ? place.path : '') };
}

async function open(database: TestDatabase) {
  const login = await openLogin(sandbox, { database });
  /** An attempt whose call the vendor has verified. */
  const verify = async (browserName = 'mine', phoneNumber = login.phoneNumber) => {
    const started = await login.start(browserName, phoneNumber);
    await callFor(started);
    return started;
  };
  const callFor = async (started: StartedAttempt) => {
    await login.call(started);
    await handleCallback(login.deps, await login.callbackTokenOf(started));
  };
  const sessions = { ...login.deps, idleMs: 86_400_000, usesPasskeys: false };
  const logIn = async (browserName?: string) => {
    const outcome = await login.poll(await verify(browserName));
    const token = outcome.status === 'completed' ? outcome.sessionToken : null;
    const loggedIn = await openSession(sessions, token ?? '');
    if (loggedIn === null) {
      throw new Error('nobody was logged in');
    }
    return loggedIn;
  };
  return { login, verify, callFor, logIn, sessions };
}

type Opened = Awaited<ReturnType<typeof openOnAny>>;

const statesIn = async (store: Store) =>
  (await store.selectFrom('attempts').select('state').execute()).map(({ state }) => state);
const sessionsIn = async (store: Store) =>
  await store.selectFrom('sessions').select('public_id').execute();

describe('is survived', () => {
  it('by a login, with its user and its events, once it is answered', async () => {
    const { afterPowerFailure, verify, login } = await openOnAny();
    const started = await verify();
    expect(await login.poll(started)).toMatchObject({ status: 'completed' });
    const recorded = await login.eventTypes();
    const left = await afterPowerFailure();
    expect(await sessionsIn(left)).toHaveLength(1);
    expect(await statesIn(left)).toEqual(['completed']);
    const events = await left.selectFrom('events').select('type').execute();
    expect(events.map(({ type }) => type)).toEqual(recorded);
  });

  it.each<[string, (opened: Opened) => Promise<void>]>([
    [
      'an attempt whose number was shown',
      async ({ login, afterPowerFailure }) => {
        const { attempt } = await login.start();
        const left = await (await afterPowerFailure()).selectFrom('attempts').selectAll().execute();
        expect(left).toMatchObject([{ state: 'pending', call_number: attempt.call_number }]);
      },
    ],
    [
      'a cancelled attempt',
      async ({ login, afterPowerFailure }) => {
        const { attemptToken } = await login.start();
        await cancelAttempt(login.deps, attemptToken);
        expect(await statesIn(await afterPowerFailure())).toEqual(['cancelled']);
      },
    ],
    [
      'an attempt that the next one of its browser ended',
      async ({ login, afterPowerFailure }) => {
        await login.start();
        await login.start('mine', newPhoneNumber());
        expect(await statesIn(await afterPowerFailure())).toEqual(['cancelled', 'pending']);
      },
    ],
    [
      'contested attempts',
      async ({ login, afterPowerFailure, verify }) => {
        await verify('theirs');
        const mine = await verify('mine');
        expect(await login.poll(mine)).toMatchObject({ status: 'contested' });
        expect(await statesIn(await afterPowerFailure())).toEqual(['contested', 'contested']);
      },
    ],
    [
      'a log out',
      async ({ afterPowerFailure, logIn, sessions }) => {
        await closeSession(sessions, await logIn());
        expect(await sessionsIn(await afterPowerFailure())).toEqual([]);
      },
    ],
    [
      'the end of other sessions',
      async ({ afterPowerFailure, logIn, sessions }) => {
        await logIn('theirs');
        const { session, user } = await logIn('mine');
        await endOtherSessions(sessions, { session, user });
        expect(await sessionsIn(await afterPowerFailure())).toEqual([
          { public_id: session.public_id },
        ]);
      },
    ],
    [
      'the use of a session, which is then not delivered again',
      async ({ afterPowerFailure, logIn }) => {
        await logIn();
        const left = await (await afterPowerFailure()).selectFrom('sessions').selectAll().execute();
        expect(left).toMatchObject([{ last_used_at: expect.any(Number) }]);
      },
    ],
    [
      'a disabled user',
      async ({ login, afterPowerFailure, logIn }) => {
        await logIn();
        await disableUser(login.deps, login.phoneNumber);
        const left = await (await afterPowerFailure()).selectFrom('users').selectAll().execute();
        expect(left).toMatchObject([{ disabled_at: expect.any(Number) }]);
      },
    ],
    [
      'a log out by an operator',
      async ({ login, afterPowerFailure, logIn }) => {
        await logIn();
        await logOutUser(login.deps, login.phoneNumber);
        expect(await sessionsIn(await afterPowerFailure())).toEqual([]);
      },
    ],
  ])('by %s', async (_, check) => {
    await check(await openOnAny());
  });
});

describe.runIf(server === null)('on SQLite', () => {
  it('may undo a verified call, which does not wait for the disk', async () => {
    const { power, verify, login } = await openOnSqlite();
    await verify();
    expect(power.flushes()).toBe(1);
    expect(await statesIn(power.afterPowerFailure())).toEqual(['pending']);
    expect(await statesIn(login.store)).toEqual(['verified']);
  });

  it('a disk that does not confirm a login fails it as a database does, and the next poll delivers it', async () => {
    const { power, verify, login } = await openOnSqlite();
    const started = await verify();
    power.beforeFlush(() => Promise.reject(new Error('EIO: i/o error, fdatasync')));
    const failure: unknown = await login.poll(started).catch((error: unknown) => error);
    expect(isStoreFailure(failure)).toBe(true);
    power.beforeFlush(async () => {});
    expect(await login.poll(started)).toMatchObject({ status: 'completed' });
  });

  it('logins that complete during a flush share the next one, and a call does not wait for it', async () => {
    const { power, verify, callFor, login } = await openOnSqlite();
    const attempts = [];
    for (let count = 0; count < 10; count += 1) {
      attempts.push(await verify(`browser ${count}`, newPhoneNumber()));
    }
    const another = await login.start('another', newPhoneNumber());
    const flushesBefore = power.flushes();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    power.beforeFlush(() => released);
    const polls = attempts.map((started) => login.poll(started));
    await expect.poll(() => login.countSessions()).toBe(10);
    await callFor(another);
    expect(power.flushes()).toBe(flushesBefore);
    release();
    for (const outcome of await Promise.all(polls)) {
      expect(outcome.status).toBe('completed');
    }
    expect(power.flushes()).toBe(flushesBefore + 2);
    expect(await sessionsIn(power.afterPowerFailure())).toHaveLength(10);
  });
});
