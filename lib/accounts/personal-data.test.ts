import { expect, it } from 'vitest';
import { newSession } from '#tests/support/sessions.ts';
import { openTestStore } from '#tests/support/stores.ts';
import { createTestClock, newPhoneNumber, TEST_CLIENT } from '#tests/support/test-login.ts';
import { createLog } from '../observe/log.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { insertAttempt } from '../store/attempts.ts';
import { insertDevice } from '../store/devices.ts';
import { insertEvents } from '../store/events.ts';
import { insertPasskey } from '../store/passkeys.ts';
import { insertSession } from '../store/sessions.ts';
import { insertUser, setUserState } from '../store/users.ts';
import { deleteUser, exportUser } from './personal-data.ts';

/** A store with two people, each with one row of everything. */
async function openPeople() {
  const store = await openTestStore();
  const clock = createTestClock();
  const lines: string[] = [];
  const deps = { store, clock, log: createLog({ write: (line) => void lines.push(line) }) };
  const at = clock.now();

  async function add(id: string, phoneNumber: PhoneNumber) {
    await insertUser(store, { id, phoneNumber, createdAt: at });
    const times = { created_at: at, expires_at: at + 1_000 };
    await insertSession(store, newSession({ id_hash: `secret ${id}`, user_id: id, ...times }));
    await insertDevice(store, {
      ...TEST_CLIENT,
      user_id: id,
      session_public_id: `public ${id}`,
      first_login_at: at,
      notices_seen_at: at,
    });
    await insertPasskey(store, {
      ...TEST_CLIENT,
      id: `passkey ${id}`,
      user_id: id,
      credential_id: `credential ${id}`,
      public_key: 'key',
      counter: 0,
      device_type: 'multiDevice',
      is_backed_up: 1,
      rp_id: 'login.example',
      name: 'Phone',
      session_public_id: `public ${id}`,
      created_at: at,
    });
    await insertAttempt(store, {
      id: `attempt ${id}`,
      token_hash: `secret token ${id}`,
      callback_token_hash: `secret callback ${id}`,
      browser_hash: `secret browser ${id}`,
      browser_token_hash: `secret browser token ${id}`,
      handoff_hash: `secret handoff ${id}`,
      phone_number: phoneNumber,
      ...times,
    });
    await insertEvents(store, { at, type: 'attempt_started', attemptId: `attempt ${id}` });
    await insertEvents(store, { at, type: 'attempt_completed', userId: id, client: TEST_CLIENT });
  }
  const phoneNumber = newPhoneNumber();
  await add('user', phoneNumber);
  await add('other', newPhoneNumber());
  return { store, deps, phoneNumber, add, logged: () => lines.join('') };
}

it('an export has everything about a person, nothing of others and no hash of a token', async () => {
  const { deps, phoneNumber } = await openPeople();
  const data = await exportUser(deps, { phoneNumber });
  const at = '2026-11-01T00:00:00.000Z';
  const client = { device: 'Safari · iOS', network: '192.0.2.0/24' };
  expect(data).toEqual({
    ok: true,
    value: {
      user: expect.objectContaining({ id: 'user', phone_number: phoneNumber, created_at: at }),
      sessions: [
        {
          ...client,
          public_id: 'public secret user',
          created_at: at,
          expires_at: '2026-11-01T00:00:01.000Z',
          last_used_at: null,
          notices_seen_at: at,
          method: 'call',
          passkey_used_at: null,
        },
      ],
      devices: [
        { ...client, session_public_id: 'public user', first_login_at: at, notices_seen_at: at },
      ],
      passkeys: [
        {
          ...client,
          id: 'passkey user',
          credential_id: 'credential user',
          public_key: 'key',
          counter: 0,
          device_type: 'multiDevice',
          is_backed_up: 1,
          rp_id: 'login.example',
          name: 'Phone',
          session_public_id: 'public user',
          created_at: at,
          last_used_at: null,
        },
      ],
      attempts: [
        {
          id: 'attempt user',
          phone_number: phoneNumber,
          device: null,
          state: 'pending',
          failure: null,
          pauth_session_id: null,
          call_number: null,
          created_at: at,
          expires_at: '2026-11-01T00:00:01.000Z',
          ended_at: null,
          verified_at: null,
          called_back_at: null,
          confirmed_at: null,
        },
      ],
      events: [
        {
          at,
          type: 'attempt_started',
          attempt_id: 'attempt user',
          reason: null,
          device: null,
          network: null,
        },
        { ...client, at, type: 'attempt_completed', attempt_id: null, reason: null },
      ],
    },
  });
});

it('every table about a person is exported, and of the user every column', async () => {
  const { store, deps } = await openPeople();
  const data = await exportUser(deps, { id: 'user' });
  const tables = await store.introspection.getTables();
  const personal = tables.filter(({ name, columns }) =>
    columns.some((column) => name === 'users' || /^(user_id|phone_number)$/.test(column.name)),
  );
  expect(data.ok && Object.keys(data.value).toSorted()).toEqual(
    personal.map(({ name }) => (name === 'users' ? 'user' : name)).toSorted(),
  );
  const ofUsers = tables.find(({ name }) => name === 'users')?.columns.map(({ name }) => name);
  expect(data.ok && Object.keys(data.value.user)).toEqual(expect.arrayContaining(ofUsers ?? []));
});

it('a deletion leaves nothing of a person but events without device and network, and its own', async () => {
  const { store, deps, phoneNumber, logged } = await openPeople();
  expect(await deleteUser(deps, { phoneNumber })).toMatchObject({
    ok: true,
    value: { user: { id: 'user' }, sessions: 1, attempts: 1, events: 2 },
  });
  const rows = async (table: 'users' | 'sessions' | 'devices' | 'passkeys' | 'attempts') =>
    JSON.stringify(await store.selectFrom(table).selectAll().execute());
  for (const table of ['users', 'sessions', 'devices', 'passkeys', 'attempts'] as const) {
    expect(JSON.parse(await rows(table)), table).toHaveLength(1);
    expect(await rows(table)).toContain('other');
  }
  const events = await store.selectFrom('events').selectAll().orderBy('id').execute();
  expect(
    events.map(({ type, user_id, attempt_id, device }) => [type, user_id ?? attempt_id, device]),
  ).toEqual([
    ['attempt_started', 'attempt user', null],
    ['attempt_completed', 'user', null],
    ['attempt_started', 'attempt other', null],
    ['attempt_completed', 'other', TEST_CLIENT.device],
    ['user_deleted', 'user', null],
  ]);
  expect(events[1]?.network).toBeNull();
  expect(logged()).toContain('"event":"user_deleted"');
  expect(await deleteUser(deps, { phoneNumber })).toEqual({ ok: false, error: 'user_missing' });
});

it('a deletion that fails leaves everything', async () => {
  const { store, deps, phoneNumber, logged } = await openPeople();
  const before = await exportUser(deps, { phoneNumber });
  await store.schema.alterTable('devices').renameTo('gone').execute();
  await store.schema.alterTable('sessions').renameTo('sessions_gone').execute();
  await expect(deleteUser(deps, { phoneNumber })).rejects.toThrow();
  await store.schema.alterTable('gone').renameTo('devices').execute();
  await store.schema.alterTable('sessions_gone').renameTo('sessions').execute();
  expect(await exportUser(deps, { phoneNumber })).toEqual(before);
  expect(logged()).toBe('');
});

it('an account that was set aside is named by its id alone, and leaves the new owner of the number alone', async () => {
  const { store, deps, phoneNumber } = await openPeople();
  await setUserState(store, 'user', { set_aside_at: deps.clock.now() });
  for (const run of [exportUser, deleteUser]) {
    expect(await run(deps, { phoneNumber })).toEqual({ ok: false, error: 'user_is_set_aside' });
  }
  await insertUser(store, { id: 'new owner', phoneNumber, createdAt: deps.clock.now() });

  expect(await exportUser(deps, { id: 'user' })).toMatchObject({
    value: { user: { state: 'set_aside' }, sessions: [{}], attempts: [], events: [{}] },
  });
  expect(await deleteUser(deps, { id: 'user' })).toMatchObject({ value: { attempts: 0 } });
  expect(await exportUser(deps, { phoneNumber })).toMatchObject({
    value: { user: { id: 'new owner' }, attempts: [{ id: 'attempt user' }] },
  });
  expect(await exportUser(deps, { id: 'user' })).toEqual({ ok: false, error: 'user_missing' });
});
