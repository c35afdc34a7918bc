import { describe, expect, it } from 'vitest';
import { newSession } from '#tests/support/sessions.ts';
import { openTestStore } from '#tests/support/stores.ts';
import { createTestClock, newPhoneNumber } from '#tests/support/test-login.ts';
import { createLog } from '../observe/log.ts';
import { insertAttempt } from './attempts.ts';
import { insertEvents } from './events.ts';
import type { Store } from './schema.ts';
import { insertSession } from './sessions.ts';
import { sweep } from './sweep.ts';
import { insertUser } from './users.ts';

const DAY_MS = 86_400_000;

async function open() {
  const store = await openTestStore();
  const clock = createTestClock();
  const keepMs = { attempts: DAY_MS, sessions: 0, events: 30 * DAY_MS };
  const deps = { store, clock, log: createLog({ write: () => {} }), keepMs };
  await insertUser(store, { id: 'user', phoneNumber: newPhoneNumber(), createdAt: clock.now() });
  return { store, clock, deps };
}

async function addAll(store: Store, name: string, at: number) {
  await insertAttempt(store, {
    id: name,
    token_hash: `token ${name}`,
    callback_token_hash: `callback ${name}`,
    browser_hash: `browser ${name}`,
    browser_token_hash: `browser token ${name}`,
    phone_number: newPhoneNumber(),
    created_at: at,
    expires_at: at + 300_000,
  });
  const times = { created_at: at - 1, expires_at: at };
  await insertSession(store, newSession({ id_hash: name, user_id: 'user', ...times }));
  await insertEvents(store, { at, type: 'attempt_started', attemptId: name });
}

const storedNames = async (store: Store) => ({
  attempts: (await store.selectFrom('attempts').select('id').execute()).map(({ id }) => id),
  sessions: (await store.selectFrom('sessions').select('id_hash').execute()).map(
    ({ id_hash }) => id_hash,
  ),
  events: (await store.selectFrom('events').select('attempt_id').execute()).map(
    ({ attempt_id }) => attempt_id,
  ),
});

describe('sweeping', () => {
  it('deletes rows of each table after their retention and not before', async () => {
    const { store, clock, deps } = await open();
    await addAll(store, 'old', clock.now());
    clock.advance(1);
    await addAll(store, 'young', clock.now());
    expect(await sweep(deps)).toEqual({
      attempts: 0,
      sessions: 1,
      events: 0,
      limits: 0,
      outbox: 0,
    });
    clock.advance(DAY_MS);
    expect(await sweep(deps)).toEqual({
      attempts: 1,
      sessions: 1,
      events: 0,
      limits: 0,
      outbox: 0,
    });
    expect(await storedNames(store)).toEqual({
      attempts: ['young'],
      sessions: [],
      events: ['old', 'young'],
    });
    clock.advance(29 * DAY_MS);
    expect(await sweep(deps)).toEqual({
      attempts: 1,
      sessions: 0,
      events: 1,
      limits: 0,
      outbox: 0,
    });
    expect(await storedNames(store)).toMatchObject({ attempts: [], events: ['young'] });
  });

  it('deletes the windows of limits that have ended', async () => {
    const { store, clock, deps } = await open();
    const windows = ['ended', 'open'].map((key, index) => ({
      key,
      points: 1,
      expire: clock.now() - 1 + index,
    }));
    await store.insertInto('limits').values(windows).execute();
    expect(await sweep(deps)).toMatchObject({ limits: 1 });
    expect(await store.selectFrom('limits').select('key').execute()).toEqual([{ key: 'open' }]);
  });

  it('keeps rows with unlimited retention, and all users', async () => {
    const { store, clock, deps } = await open();
    await addAll(store, 'kept', clock.now());
    clock.advance(10_000 * DAY_MS);
    await sweep({ ...deps, keepMs: { attempts: null, sessions: null, events: null } });
    expect(await storedNames(store)).toEqual({
      attempts: ['kept'],
      sessions: ['kept'],
      events: ['kept'],
    });
    await sweep(deps);
    expect(await store.selectFrom('users').select('id').execute()).toEqual([{ id: 'user' }]);
  });

  it('deletes many rows in batches, in several processes at the same time', async () => {
    const { store, clock, deps } = await open();
    const events = Array.from({ length: 1_700 }, (_, index) => ({
      at: clock.now() + index,
      type: 'attempt_started' as const,
    }));
    await store.insertInto('events').values(events).execute();
    clock.advance(30 * DAY_MS + 1_600);
    const swept = await Promise.all([sweep(deps), sweep(deps), sweep(deps)]);
    expect(swept.reduce((sum, { events }) => sum + events, 0)).toBe(1_600);
    expect((await storedNames(store)).events).toHaveLength(100);
  });
});
