import { describe, expect, it } from 'vitest';
import { newSession } from '#tests/support/sessions.ts';
import { openTestStore } from '#tests/support/stores.ts';
import { createTestClock, newPhoneNumber } from '#tests/support/test-login.ts';
import { createLog, referenceOf } from '../observe/log.ts';
import { insertSession } from '../store/sessions.ts';
import { findUserByPhoneNumber, insertUser, setUserState } from '../store/users.ts';
import { addUser, disableUser, enableUser, exchangeUser, listUsers, logOutUser } from './manage.ts';
import { formatUserTable, viewUser } from './view.ts';

/** A store with a user with two sessions and another with one. */
async function openUsers() {
  const store = await openTestStore();
  const clock = createTestClock();
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line) });
  const deps = { store, clock, log };
  const at = clock.now();
  const phoneNumber = newPhoneNumber();
  await insertUser(store, { id: 'user', phoneNumber, createdAt: at });
  await insertUser(store, { id: 'other', phoneNumber: newPhoneNumber(), createdAt: at });
  for (const [id_hash, user_id] of [
    ['a', 'user'],
    ['b', 'user'],
    ['c', 'other'],
  ] as const) {
    const times = { created_at: at, expires_at: at + 1_000 };
    await insertSession(store, newSession({ id_hash, user_id, ...times }));
  }
  clock.advance(60_000);
  return {
    deps,
    store,
    clock,
    phoneNumber,
    sessions: async () => {
      const rows = await store.selectFrom('sessions').select('id_hash').execute();
      return rows.map((row) => row.id_hash);
    },
    logged: () => lines.map((line): unknown => JSON.parse(line)),
    events: async () => {
      const rows = await store.selectFrom('events').selectAll().orderBy('id').execute();
      return rows.map(({ type, user_id, at: when }) => [type, user_id, when]);
    },
  };
}

describe('an operator', () => {
  it('disables a user, which ends their sessions and no others', async () => {
    const { deps, phoneNumber, sessions, events, clock } = await openUsers();
    const at = clock.now();
    expect(await disableUser(deps, phoneNumber)).toMatchObject({
      ok: true,
      value: { id: 'user', disabled_at: at },
    });
    expect(await sessions()).toEqual(['c']);
    clock.advance(1_000);
    expect(await disableUser(deps, phoneNumber)).toMatchObject({ value: { disabled_at: at } });
    expect(await events()).toEqual([['user_disabled', 'user', at]]);
  });

  it('changes nothing if the event cannot be written', async () => {
    const { deps, phoneNumber, sessions, store } = await openUsers();
    await store.schema.dropTable('events').execute();
    await expect(disableUser(deps, phoneNumber)).rejects.toThrow();
    await expect(logOutUser(deps, phoneNumber)).rejects.toThrow();
    expect(await sessions()).toEqual(['a', 'b', 'c']);
    expect(await findUserByPhoneNumber(store, phoneNumber)).toMatchObject({ disabled_at: null });
  });

  it('logs a user out everywhere, once', async () => {
    const { deps, phoneNumber, sessions, events, clock } = await openUsers();
    expect(await logOutUser(deps, phoneNumber)).toMatchObject({ ok: true });
    expect(await logOutUser(deps, phoneNumber)).toMatchObject({ ok: true });
    expect(await sessions()).toEqual(['c']);
    expect(await events()).toEqual([['sessions_ended_by_operator', 'user', clock.now()]]);
  });

  it('enables a user and vouches for the number again', async () => {
    const { deps, phoneNumber, clock } = await openUsers();
    await disableUser(deps, phoneNumber);
    clock.advance(1_000);
    expect(await enableUser(deps, phoneNumber)).toMatchObject({
      value: { id: 'user', disabled_at: null, last_active_at: clock.now() },
    });
    expect(await enableUser(deps, phoneNumber)).toEqual({ ok: false, error: 'nothing_to_enable' });
  });

  it('brings back a user set aside, unless another user has the number', async () => {
    const { deps, phoneNumber, store, clock, events } = await openUsers();
    const at = clock.now();
    await setUserState(store, 'user', { set_aside_at: at });
    const refused = { ok: false, error: 'user_is_set_aside' };
    expect(await disableUser(deps, phoneNumber)).toEqual(refused);
    expect(await logOutUser(deps, phoneNumber)).toEqual(refused);
    expect(await enableUser(deps, phoneNumber)).toMatchObject({
      value: { id: 'user', set_aside_at: null, last_active_at: at },
    });
    expect(await events()).toEqual([['user_brought_back', 'user', at]]);

    await setUserState(store, 'user', { set_aside_at: at });
    expect(await addUser(deps, phoneNumber)).toMatchObject({ ok: true });
    expect(await enableUser(deps, phoneNumber)).toEqual({ ok: false, error: 'nothing_to_enable' });
    expect(await listUsers(deps)).toHaveLength(3);
  });

  it('exchanges the account in use for one that was set aside, and back', async () => {
    const { deps, phoneNumber, store, clock, sessions, events } = await openUsers();
    expect(await exchangeUser(deps, { phoneNumber })).toEqual({
      ok: false,
      error: 'nothing_to_exchange',
    });
    expect(await exchangeUser(deps, { id: 'user' })).toEqual({
      ok: false,
      error: 'nothing_to_exchange',
    });
    await setUserState(store, 'user', { set_aside_at: clock.now() });
    const at = clock.now();
    await insertUser(store, { id: 'new', phoneNumber, createdAt: at });
    const times = { created_at: at, expires_at: at + 1_000 };
    await insertSession(store, newSession({ id_hash: 'd', user_id: 'new', ...times }));

    clock.advance(1_000);
    expect(await exchangeUser(deps, { phoneNumber })).toMatchObject({
      ok: true,
      value: { id: 'user', set_aside_at: null, last_active_at: clock.now() },
    });
    expect(await findUserByPhoneNumber(store, phoneNumber)).toMatchObject({ id: 'user' });
    expect(await sessions()).not.toContain('d');
    expect(await events()).toEqual([
      ['user_set_aside', 'new', clock.now()],
      ['user_brought_back', 'user', clock.now()],
    ]);
    expect(await exchangeUser(deps, { id: 'new' })).toMatchObject({ value: { id: 'new' } });
    expect(await findUserByPhoneNumber(store, phoneNumber)).toMatchObject({ id: 'new' });
  });

  it('exchanges for an account that was set aside where none is in use', async () => {
    const { deps, phoneNumber, store, clock, events } = await openUsers();
    await setUserState(store, 'user', { set_aside_at: clock.now() });
    expect(await exchangeUser(deps, { phoneNumber })).toMatchObject({ value: { id: 'user' } });
    expect(await events()).toEqual([['user_brought_back', 'user', clock.now()]]);
    expect(await exchangeUser(deps, { id: 'nobody' })).toEqual({
      ok: false,
      error: 'user_missing',
    });
  });

  it('adds a number once, and gets an error for a number without a user', async () => {
    const { deps, phoneNumber } = await openUsers();
    expect(await addUser(deps, phoneNumber)).toEqual({ ok: false, error: 'user_exists' });
    const unknown = newPhoneNumber();
    for (const change of [disableUser, enableUser, logOutUser]) {
      expect(await change(deps, unknown)).toEqual({ ok: false, error: 'user_missing' });
    }
    expect(await addUser(deps, unknown)).toMatchObject({ value: { phone_number: unknown } });
  });

  it('lists the number, the state and the times of each user', async () => {
    const { deps, phoneNumber, store, clock } = await openUsers();
    await setUserState(store, 'user', { set_aside_at: clock.now() });
    const users = await listUsers(deps);
    const table = formatUserTable(users, 'JP').split('\n');
    expect(table).toHaveLength(3);
    expect(table.join('\n')).toMatch(/^0\S+ +set aside +2026-11-01 00:00Z +never +2026-11-01/m);
    expect(users.map(viewUser)).toContainEqual({
      id: 'user',
      log_reference: referenceOf('user'),
      phone_number: phoneNumber,
      state: 'set_aside',
      created_at: '2026-11-01T00:00:00.000Z',
      last_login_at: null,
      last_active_at: '2026-11-01T00:00:00.000Z',
      disabled_at: null,
      set_aside_at: '2026-11-01T00:01:00.000Z',
    });
  });
});
