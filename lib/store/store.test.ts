import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { newSession } from '#tests/support/sessions.ts';
import { createTestDatabase, openTestStore } from '#tests/support/stores.ts';
import { newPhoneNumber } from '#tests/support/test-login.ts';
import { phoneNumberSchema } from '../shared/contract.ts';
import {
  advanceAttempt,
  endAttempt,
  findAttempt,
  findWithRivals,
  insertAttempt,
  type NewAttempt,
  setPauthSession,
} from './attempts.ts';
import {
  confirmAttempt,
  findAttemptByBrowserToken,
  findLiveAttempt,
  hasConfirmedLaterAttempt,
} from './browsers.ts';
import { leaseCheck, releaseCheck, scheduleCheckForCallback } from './checks.ts';
import { findDevices, insertDevice } from './devices.ts';
import { findEvents, insertEvents } from './events.ts';
import { migrate, requireMigrated } from './migrate.ts';
import { argentineMobiles } from './migrations/0009-argentine-mobiles.ts';
import type { LoginAttempt, Queries, Store } from './schema.ts';
import {
  deleteSession,
  deleteSessionsOf,
  findSession,
  findSessions,
  insertSession,
  setNoticesSeen,
  touchSession,
} from './sessions.ts';
import {
  findUserByPhoneNumber,
  findUserSetAside,
  findUsers,
  insertUser,
  setLastLogin,
  setUserState,
} from './users.ts';

const AT = Date.parse('2026-11-01T00:00:00Z');
const callNumber = newPhoneNumber();

describe('a store', () => {
  let count = 0;
  function newAttempt(given: Partial<NewAttempt> = {}): NewAttempt {
    count += 1;
    return {
      id: `attempt ${count}`,
      token_hash: `token ${count}`,
      callback_token_hash: `callback ${count}`,
      browser_hash: `browser ${count}`,
      browser_token_hash: `browser token ${count}`,
      phone_number: newPhoneNumber(),
      created_at: AT,
      expires_at: AT + 300_000,
      ...given,
    };
  }

  /** Adds an attempt that has its pAuth session and is due for a check. */
  async function addAttempt(store: Store, given: Partial<NewAttempt> = {}) {
    const attempt = newAttempt(given);
    expect(await insertAttempt(store, attempt)).not.toBeNull();
    await setPauthSession(store, attempt.id, { pauthSessionId: attempt.id, callNumber }, AT);
    return await stored(store, attempt.id);
  }

  async function stored(store: Store, id: string) {
    const attempt = await findAttempt(store, 'id', id);
    if (attempt?.call_number == null) {
      throw new Error('no such attempt');
    }
    return { ...attempt, call_number: attempt.call_number };
  }

  async function addUser(store: Queries, id: string, phoneNumber = newPhoneNumber()) {
    return await insertUser(store, { id, phoneNumber, createdAt: AT });
  }

  const countWins = (outcomes: unknown[]) => outcomes.filter(Boolean).length;

  it('is migrated once; a second time changes nothing', async () => {
    const store = (await createTestDatabase()).open();
    const all = [
      '0001-first',
      '0002-browser-tokens',
      '0003-operation',
      '0004-handoff',
      '0005-start-numbers',
      '0006-limits',
      '0007-verified-at',
      '0008-passkeys',
      '0009-argentine-mobiles',
      '0010-outbox',
      '0011-fewer-index-updates',
    ];
    expect(await migrate(store)).toEqual({ done: all, newer: [] });
    await addUser(store, 'kept');
    expect(await migrate(store)).toEqual({ done: [], newer: [] });
    expect(await store.selectFrom('users').selectAll().execute()).toHaveLength(1);
  });

  it('is left alone where it may not be migrated, and refused while it lacks a migration', async () => {
    const store = (await createTestDatabase()).open();
    await expect(requireMigrated(store)).rejects.toThrow(/0001-first, .*MIGRATIONS is off/);
    await migrate(store);
    await sql`delete from kysely_migration where name = '0011-fewer-index-updates'`.execute(store);
    await expect(requireMigrated(store)).rejects.toThrow(
      'lacks migrations (0011-fewer-index-updates)',
    );
    await sql`
      insert into kysely_migration values ('0011-fewer-index-updates', ''), ('9999-newer', '')
    `.execute(store);
    expect(await requireMigrated(store)).toEqual({ done: [], newer: ['9999-newer'] });
  });

  it('keeps Argentine numbers without the 9; of two accounts, the one used last has the number', async () => {
    const store = await openTestStore();
    const number = (text: string) => phoneNumberSchema.parse(text);
    await addUser(store, 'alone', number('+5491166770001'));
    await addUser(store, 'twin with 9', number('+5491166770002'));
    await addUser(store, 'twin', number('+541166770002'));
    await setLastLogin(store, 'twin with 9', AT + 1);
    await addUser(store, 'in Japan', number('+819011667700'));
    const attempt = await addAttempt(store, { phone_number: number('+5491166770001') });
    await argentineMobiles.up(store);
    const users = await findUsers(store);
    const numberOf = (id: string) => users.find((user) => user.id === id)?.phone_number;
    expect(numberOf('alone')).toBe('+541166770001');
    expect(numberOf('in Japan')).toBe('+819011667700');
    const found = await findUserByPhoneNumber(store, number('+541166770002'));
    expect(found?.id).toBe('twin with 9');
    const setAside = await findUserSetAside(store, number('+541166770002'));
    expect(setAside?.id).toBe('twin');
    expect((await stored(store, attempt.id)).phone_number).toBe('+541166770001');
    await argentineMobiles.up(store);
    expect(await findUsers(store)).toEqual(users);
  });

  it('is used unchanged when a newer version has migrated it', async () => {
    const store = (await createTestDatabase()).open();
    await migrate(store);
    await sql`alter table users add column nickname text`.execute(store);
    const applied = { name: '9999-nicknames', timestamp: '2030-01-01T00:00:00.000Z' };
    await sql`insert into kysely_migration values (${applied.name}, ${applied.timestamp})`.execute(
      store,
    );
    expect(await migrate(store)).toEqual({ done: [], newer: [applied.name] });
    await addUser(store, 'added');
    expect(await store.selectFrom('users').selectAll().execute()).toHaveLength(1);
  });

  it('is rejected when an unknown migration has been applied before the newest known one', async () => {
    const store = (await createTestDatabase()).open();
    await migrate(store);
    const applied = { name: '0004-something-else', timestamp: '2030-01-01T00:00:00.000Z' };
    await sql`insert into kysely_migration values (${applied.name}, ${applied.timestamp})`.execute(
      store,
    );
    await expect(migrate(store)).rejects.toThrow('0004-something-else');
  });

  describe('an attempt', () => {
    it('is found by its id and each of its tokens only', async () => {
      const store = await openTestStore();
      const attempt = await addAttempt(store);
      expect(await findAttempt(store, 'id', attempt.id)).toEqual(attempt);
      expect(await findAttempt(store, 'token_hash', attempt.token_hash)).toEqual(attempt);
      expect(await findAttempt(store, 'callback_token_hash', attempt.callback_token_hash)).toEqual(
        attempt,
      );
      expect(await findAttempt(store, 'token_hash', attempt.callback_token_hash)).toBeNull();
      expect(await findAttempt(store, 'callback_token_hash', attempt.token_hash)).toBeNull();
      expect(await findAttempt(store, 'id', '')).toBeNull();
    });

    it('is the only live one of its browser until it ends', async () => {
      const store = await openTestStore();
      const first = await addAttempt(store);
      const second = newAttempt({ browser_hash: first.browser_hash });
      expect(await insertAttempt(store, second)).toBeNull();
      await advanceAttempt(store, first.id, {
        from: 'pending',
        to: 'verified',
        by: 'check',
        verifiedAt: AT,
        expiresAt: AT,
      });
      expect(await insertAttempt(store, second)).toBeNull();
      expect(await findLiveAttempt(store, first.browser_hash)).toMatchObject({ id: first.id });
      await endAttempt(store, first.id, { to: 'cancelled', by: 'cancel', endedAt: AT });
      expect(await findLiveAttempt(store, first.browser_hash)).toBeNull();
      expect(await insertAttempt(store, second)).not.toBeNull();
    });

    it('is found by its browser token, the latest of several', async () => {
      const store = await openTestStore();
      const { id, browser_hash, browser_token_hash } = await addAttempt(store);
      const given = { browser_hash, browser_token_hash, created_at: AT + 1 };
      expect(await findAttemptByBrowserToken(store, 'browser token 0')).toBeNull();
      await endAttempt(store, id, { to: 'cancelled', by: 'cancel', endedAt: AT });
      const later = await addAttempt(store, given);
      expect(await findAttemptByBrowserToken(store, browser_token_hash)).toEqual(later);
    });

    it.each([AT, AT - 3_600_000])(
      'is superseded once its browser has presented a later one, created at %i',
      async (created_at) => {
        const store = await openTestStore();
        const first = await addAttempt(store);
        await endAttempt(store, first.id, { to: 'cancelled', by: 'cancel', endedAt: AT });
        const { browser_hash } = first;
        // The order does not depend on the clock, which stood still or was set back.
        const second = await addAttempt(store, { browser_hash, created_at });
        await confirmAttempt(store, first.id, AT);
        expect(await hasConfirmedLaterAttempt(store, first)).toBe(false);
        expect(await hasConfirmedLaterAttempt(store, second)).toBe(false);
        await confirmAttempt(store, second.id, AT);
        expect(await hasConfirmedLaterAttempt(store, first)).toBe(true);
        expect(await hasConfirmedLaterAttempt(store, second)).toBe(false);
        await confirmAttempt(store, second.id, AT + 5);
        expect(await stored(store, second.id)).toMatchObject({ confirmed_at: AT });
      },
    );

    it('is the only one added by concurrent starts of one browser', async () => {
      const store = await openTestStore();
      const attempts = Array.from({ length: 20 }, () => newAttempt({ browser_hash: 'one' }));
      expect(countWins(await Promise.all(attempts.map((each) => insertAttempt(store, each))))).toBe(
        1,
      );
    });

    it('goes from pending to verified to completed, each once and in no other order', async () => {
      const store = await openTestStore();
      const { id } = await addAttempt(store);
      const verify = {
        from: 'pending',
        to: 'verified',
        by: 'check',
        verifiedAt: AT,
        expiresAt: AT + 1,
      } as const;
      const complete = {
        from: 'verified',
        to: 'completed',
        by: 'complete',
        endedAt: AT + 2,
      } as const;
      expect(await advanceAttempt(store, id, complete)).toBe(false);
      const race = Array.from({ length: 10 }, () => advanceAttempt(store, id, verify));
      expect(countWins(await Promise.all(race))).toBe(1);
      expect(await stored(store, id)).toMatchObject({ state: 'verified', expires_at: AT + 1 });
      expect(await advanceAttempt(store, id, complete)).toBe(true);
      expect(await advanceAttempt(store, id, complete)).toBe(false);
      expect(await advanceAttempt(store, id, verify)).toBe(false);
      expect(await endAttempt(store, id, { to: 'cancelled', by: 'cancel', endedAt: AT })).toBe(
        false,
      );
      expect(await stored(store, id)).toMatchObject({ state: 'completed', ended_at: AT + 2 });
    });

    it.each([
      { to: 'expired', by: 'check' },
      { to: 'failed', by: 'start' },
      { to: 'cancelled', by: 'cancel' },
      { to: 'contested', by: 'complete' },
    ] as const)('that ended as $to makes no further transition', async (transition) => {
      const store = await openTestStore();
      const { id } = await addAttempt(store);
      const end = { ...transition, failure: 'pauth_failed', endedAt: AT } as const;
      expect(await endAttempt(store, id, end)).toBe(true);
      expect(await endAttempt(store, id, { to: 'cancelled', by: 'cancel', endedAt: AT + 9 })).toBe(
        false,
      );
      const verify = {
        from: 'pending',
        to: 'verified',
        by: 'check',
        verifiedAt: AT,
        expiresAt: AT,
      } as const;
      expect(await advanceAttempt(store, id, verify)).toBe(false);
      expect(await stored(store, id)).toMatchObject({
        state: transition.to,
        failure: 'pauth_failed',
        ended_at: AT,
      });
    });
  });

  describe('the check lease', () => {
    const lease = { now: AT, leasedUntil: AT + 4_000 };

    it('is granted to one of many concurrent requests', async () => {
      const store = await openTestStore();
      const { id } = await addAttempt(store);
      const race = Array.from({ length: 20 }, () => leaseCheck(store, id, 'pending', lease));
      expect(countWins(await Promise.all(race))).toBe(1);
    });

    it('is not granted before the check is due', async () => {
      const store = await openTestStore();
      const { id } = await addAttempt(store);
      expect(await leaseCheck(store, id, 'pending', { ...lease, now: AT - 1 })).toBe(false);
    });

    it('is not granted before the attempt has a pAuth session, nor after it has ended', async () => {
      const store = await openTestStore();
      const unknown = newAttempt();
      await insertAttempt(store, unknown);
      expect(await leaseCheck(store, unknown.id, 'pending', lease)).toBe(false);
      const over = await addAttempt(store);
      await endAttempt(store, over.id, { to: 'expired', by: 'check', endedAt: AT });
      expect(await leaseCheck(store, over.id, 'pending', lease)).toBe(false);
    });

    it('is granted again after it expires, and a late release changes nothing', async () => {
      const store = await openTestStore();
      const { id } = await addAttempt(store);
      await leaseCheck(store, id, 'pending', lease);
      expect(
        await leaseCheck(store, id, 'pending', { now: AT + 3_999, leasedUntil: AT + 9_000 }),
      ).toBe(false);
      expect(
        await leaseCheck(store, id, 'pending', { now: AT + 4_000, leasedUntil: AT + 9_000 }),
      ).toBe(true);
      await releaseCheck(store, id, { ...lease, nextCheckAt: AT, failures: 3 });
      expect(await stored(store, id)).toMatchObject({
        check_leased_until: AT + 9_000,
        check_failures: 0,
      });
    });

    it('is released with the time of the next check', async () => {
      const store = await openTestStore();
      const { id } = await addAttempt(store);
      await leaseCheck(store, id, 'pending', lease);
      await releaseCheck(store, id, { ...lease, nextCheckAt: AT + 2_000, failures: 2 });
      expect(await stored(store, id)).toMatchObject({
        next_check_at: AT + 2_000,
        check_leased_until: 0,
        check_failures: 2,
      });
    });

    it('is released without postponing a check that a callback scheduled', async () => {
      const store = await openTestStore();
      const { id } = await addAttempt(store);
      await leaseCheck(store, id, 'pending', lease);
      await scheduleCheckForCallback(
        store,
        { id, called_back_at: null },
        { now: AT, checkAt: AT + 100 },
      );
      await releaseCheck(store, id, { ...lease, nextCheckAt: AT + 2_000, failures: 0 });
      expect(await stored(store, id)).toMatchObject({
        next_check_at: AT + 100,
        check_leased_until: 0,
        called_back_at: AT + 100,
      });
    });

    it('is not postponed by a callback, and a callback schedules nothing after the end', async () => {
      const store = await openTestStore();
      const { id } = await addAttempt(store);
      await scheduleCheckForCallback(
        store,
        { id, called_back_at: null },
        { now: AT, checkAt: AT + 1 },
      );
      expect(await stored(store, id)).toMatchObject({ next_check_at: AT, called_back_at: AT });
      await endAttempt(store, id, { to: 'expired', by: 'check', endedAt: AT });
      await scheduleCheckForCallback(
        store,
        { id, called_back_at: AT },
        { now: AT + 9, checkAt: AT - 1 },
      );
      expect(await stored(store, id)).toMatchObject({ next_check_at: AT, called_back_at: AT });
    });

    it('is scheduled by one of many concurrent callbacks', async () => {
      const store = await openTestStore();
      const attempt = await addAttempt(store);
      const times = { now: AT - 50, checkAt: AT - 50 };
      const race = Array.from({ length: 20 }, () =>
        scheduleCheckForCallback(store, attempt, times),
      );
      expect(countWins(await Promise.all(race))).toBe(1);
    });

    it('is due at once when a callback came before the pAuth session was stored', async () => {
      const store = await openTestStore();
      const attempt = newAttempt();
      await insertAttempt(store, attempt);
      const unanswered = { id: attempt.id, called_back_at: null };
      await scheduleCheckForCallback(store, unanswered, { now: AT + 100, checkAt: AT + 100 });
      const pauthSession = { pauthSessionId: attempt.id, callNumber };
      await setPauthSession(store, attempt.id, pauthSession, AT + 2_000);
      expect(await leaseCheck(store, attempt.id, 'pending', { ...lease, now: AT + 100 })).toBe(
        true,
      );
    });
  });

  describe('the rivals of an attempt', () => {
    async function rivalsOf(
      change: (store: Store, mine: LoginAttempt) => Promise<unknown>,
    ): Promise<number> {
      const store = await openTestStore();
      const mine = await addAttempt(store);
      await change(store, mine);
      return (await findWithRivals(store, mine, 0)).rivals.length;
    }

    it('are live attempts of other browsers for the same phone number', async () => {
      expect(await rivalsOf((store, { phone_number }) => addAttempt(store, { phone_number }))).toBe(
        1,
      );
    });

    it('do not include attempts for another phone number, nor the attempt itself', async () => {
      expect(await rivalsOf((store) => addAttempt(store))).toBe(0);
    });

    it('may have the same call number, another, or none yet', async () => {
      expect(
        await rivalsOf(async (store, { phone_number }) => {
          await insertAttempt(store, newAttempt({ phone_number }));
          const { id } = await addAttempt(store, { phone_number });
          const pauthSession = { pauthSessionId: id, callNumber: newPhoneNumber() };
          await setPauthSession(store, id, pauthSession, AT);
        }),
      ).toBe(2);
    });

    it('do not include earlier attempts of the same browser', async () => {
      expect(
        await rivalsOf(async (store, { id, phone_number, browser_hash }) => {
          await endAttempt(store, id, { to: 'cancelled', by: 'cancel', endedAt: AT });
          await addAttempt(store, { phone_number, browser_hash });
        }),
      ).toBe(0);
    });

    it.each([
      { afterMs: 0, count: 0 },
      { afterMs: 1, count: 1 },
    ])('completed $afterMs ms after its creation: $count', async ({ afterMs, count }) => {
      const endedAt = AT + afterMs;
      expect(
        await rivalsOf(async (store, { phone_number }) => {
          const { id } = await addAttempt(store, { phone_number });
          await advanceAttempt(store, id, {
            from: 'pending',
            to: 'verified',
            by: 'check',
            verifiedAt: AT,
            expiresAt: AT,
          });
          await advanceAttempt(store, id, {
            from: 'verified',
            to: 'completed',
            by: 'complete',
            endedAt,
          });
        }),
      ).toBe(count);
    });

    it.each([
      { to: 'cancelled', by: 'cancel', endedAt: AT, count: 1 },
      { to: 'expired', by: 'check', endedAt: AT, count: 1 },
      { to: 'failed', by: 'start', endedAt: AT + 1, count: 1 },
      { to: 'contested', by: 'complete', endedAt: AT, count: 1 },
      { to: 'cancelled', by: 'cancel', endedAt: AT - 1, count: 0 },
      { to: 'contested', by: 'complete', endedAt: AT - 1, count: 0 },
    ] as const)('ended as $to at $endedAt: $count', async ({ count, ...end }) => {
      expect(
        await rivalsOf(async (store, { phone_number }) => {
          const { id } = await addAttempt(store, { phone_number });
          await endAttempt(store, id, end);
        }),
      ).toBe(count);
    });

    it.each([
      { expires_at: AT, count: 1 },
      { expires_at: AT - 1, count: 0 },
    ])('expired at $expires_at without being polled: $count', async ({ expires_at, count }) => {
      expect(
        await rivalsOf((store, { phone_number }) =>
          addAttempt(store, { phone_number, expires_at }),
        ),
      ).toBe(count);
    });
  });

  describe('users and sessions', () => {
    it('a phone number has one user after concurrent inserts', async () => {
      const store = await openTestStore();
      const phoneNumber = newPhoneNumber();
      const race = Array.from({ length: 20 }, (_, index) =>
        addUser(store, `user ${index}`, phoneNumber),
      );
      expect(countWins(await Promise.all(race))).toBe(1);
      expect(await store.selectFrom('users').selectAll().execute()).toHaveLength(1);
    });

    it('a user is found by phone number', async () => {
      const store = await openTestStore();
      const phoneNumber = newPhoneNumber();
      await addUser(store, 'user', phoneNumber);
      await setLastLogin(store, 'user', AT + 1);
      expect(await findUserByPhoneNumber(store, phoneNumber)).toEqual({
        id: 'user',
        phone_number: phoneNumber,
        created_at: AT,
        last_login_at: AT + 1,
        last_active_at: AT + 1,
        disabled_at: null,
        set_aside_at: null,
        webauthn_user_id: null,
        passkey_offer_declined_at: null,
      });
      expect(await findUserByPhoneNumber(store, newPhoneNumber())).toBeNull();
    });

    it('a session is found with its user until it is deleted, and its last use never moves back', async () => {
      const store = await openTestStore();
      await addUser(store, 'user');
      const times = { created_at: AT, expires_at: AT + 1 };
      const session = newSession({ id_hash: 'hash', user_id: 'user', ...times });
      await insertSession(store, session);
      expect(await findSession(store, 'hash')).toMatchObject({
        session: { ...session, last_used_at: null },
        user: { id: 'user' },
      });
      for (const at of [AT + 5, AT + 2]) {
        await touchSession(store, session, at);
        expect(await findSession(store, 'hash')).toMatchObject({
          session: { last_used_at: AT + 5 },
          user: { last_active_at: AT + 5 },
        });
      }
      expect(await findSession(store, 'HASH')).toBeNull();
      await deleteSession(store, 'hash');
      expect(await findSession(store, 'hash')).toBeNull();
    });

    it('a session requires a user', async () => {
      const store = await openTestStore();
      const times = { created_at: AT, expires_at: AT };
      const orphan = newSession({ id_hash: 'hash', user_id: 'nobody', ...times });
      await expect(insertSession(store, orphan)).rejects.toThrow();
    });

    it('deleting a user deletes its sessions', async () => {
      const store = await openTestStore();
      await addUser(store, 'user');
      const times = { created_at: AT, expires_at: AT };
      await insertSession(store, newSession({ id_hash: 'hash', user_id: 'user', ...times }));
      await store.deleteFrom('users').execute();
      expect(await store.selectFrom('sessions').selectAll().execute()).toEqual([]);
    });
  });

  describe('the sessions and devices of a user', () => {
    const times = { created_at: AT, expires_at: AT + 1 };

    async function withSessions(...sessions: [idHash: string, userId: string][]) {
      const store = await openTestStore();
      for (const userId of new Set(sessions.map(([, userId]) => userId))) {
        await addUser(store, userId);
      }
      for (const [id_hash, user_id] of sessions) {
        await insertSession(store, newSession({ id_hash, user_id, ...times }));
      }
      return store;
    }

    it('are ended, all of them or all but one, without those of another user', async () => {
      const store = await withSessions(['a', 'one'], ['b', 'one'], ['c', 'one'], ['d', 'two']);
      expect(await deleteSessionsOf(store, 'one', 'b')).toBe(2);
      expect(await findSessions(store, 'one')).toMatchObject([{ id_hash: 'b' }]);
      expect(await deleteSessionsOf(store, 'one')).toBe(1);
      expect(await deleteSessionsOf(store, 'one')).toBe(0);
      expect(await findSessions(store, 'two')).toHaveLength(1);
    });

    it('a kind of device is new to a user once, even with concurrent logins', async () => {
      const store = await withSessions(['a', 'one'], ['b', 'two']);
      const device = {
        user_id: 'one',
        device: 'Safari · iOS',
        network: '192.0.2.0/24',
        session_public_id: 'public a',
        first_login_at: AT,
        notices_seen_at: AT,
      };
      const race = Array.from({ length: 20 }, () => insertDevice(store, device));
      expect(countWins(await Promise.all(race))).toBe(1);
      expect(await insertDevice(store, { ...device, user_id: 'two' })).toBe(true);
      expect(await insertDevice(store, { ...device, device: '', first_login_at: AT + 1 })).toBe(
        true,
      );
      expect(await findDevices(store, 'one')).toMatchObject([
        { device: '', first_login_at: AT + 1 },
        { device: 'Safari · iOS', first_login_at: AT },
      ]);
    });

    it('the time up to which notices are seen never moves back', async () => {
      const store = await withSessions(['a', 'one']);
      const session = newSession({ id_hash: 'a', user_id: 'one', ...times });
      await setNoticesSeen(store, session, AT + 9);
      await setNoticesSeen(store, session, AT + 5);
      expect(await findSession(store, 'a')).toMatchObject({
        session: { notices_seen_at: AT + 9 },
      });
    });
  });

  describe('a user set aside', () => {
    it('frees the phone number for another user and is found as set aside', async () => {
      const store = await openTestStore();
      const phoneNumber = newPhoneNumber();
      for (const id of ['first', 'second', 'third']) {
        expect(await addUser(store, id, phoneNumber)).toBe(true);
        expect(await addUser(store, `${id} again`, phoneNumber)).toBe(false);
        expect(await findUserByPhoneNumber(store, phoneNumber)).toMatchObject({ id });
        await setUserState(store, id, { set_aside_at: AT + id.length });
      }
      expect(await findUserByPhoneNumber(store, phoneNumber)).toBeNull();
      expect(await findUserSetAside(store, phoneNumber)).toMatchObject({ id: 'second' });
      expect(await findUserSetAside(store, newPhoneNumber())).toBeNull();
      expect(await findUsers(store)).toHaveLength(3);
    });

    it('cannot be brought back while another user has the phone number', async () => {
      const store = await openTestStore();
      const phoneNumber = newPhoneNumber();
      await addUser(store, 'old', phoneNumber);
      await setUserState(store, 'old', { set_aside_at: AT });
      await addUser(store, 'new', phoneNumber);
      await expect(setUserState(store, 'old', { set_aside_at: null })).rejects.toThrow();
    });
  });

  it('events of a user are found by type, the latest first, up to the limit', async () => {
    const store = await openTestStore();
    const from = { device: 'Safari · iOS', network: '192.0.2.0/24' };
    for (const type of ['user_created', 'attempt_completed', 'logged_out'] as const) {
      await insertEvents(store, { at: AT, type, userId: 'u', client: from });
      await insertEvents(store, { at: AT, type, userId: 'other' });
    }
    const types = ['attempt_completed', 'logged_out'] as const;
    expect(await findEvents(store, 'u', { types, limit: 9 })).toMatchObject([
      { type: 'logged_out', user_id: 'u', ...from },
      { type: 'attempt_completed', user_id: 'u', ...from },
    ]);
    expect(await findEvents(store, 'u', { types, limit: 1 })).toMatchObject([
      { type: 'logged_out' },
    ]);
  });

  it('a failed transaction leaves nothing behind', async () => {
    const store = await openTestStore();
    const failing = store.transaction().execute(async (transaction) => {
      await addUser(transaction, 'user');
      await insertEvents(transaction, { at: AT, type: 'user_created', userId: 'user' });
      throw new Error('aborted');
    });
    await expect(failing).rejects.toThrow('aborted');
    expect(await store.selectFrom('users').selectAll().execute()).toEqual([]);
    expect(await store.selectFrom('events').selectAll().execute()).toEqual([]);
  });

  it('events are stored in order with their attempt, user and reason', async () => {
    const store = await openTestStore();
    await insertEvents(store, { at: AT, type: 'attempt_started', attemptId: 'a' });
    await insertEvents(store, {
      at: AT,
      type: 'attempt_failed',
      attemptId: 'a',
      reason: 'pauth_failed',
    });
    await insertEvents(store, { at: AT, type: 'logged_out', userId: 'u' });
    expect(await store.selectFrom('events').selectAll().orderBy('id').execute()).toMatchObject([
      { type: 'attempt_started', attempt_id: 'a', user_id: null, reason: null },
      { type: 'attempt_failed', attempt_id: 'a', reason: 'pauth_failed' },
      { type: 'logged_out', attempt_id: null, user_id: 'u' },
    ]);
  });
});
