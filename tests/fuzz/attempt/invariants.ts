import assert from 'node:assert/strict';
import type { AttemptState } from '#lib/shared/attempt-states.ts';
import type { LoginAttempt, Store, StoredEvent } from '#lib/store/schema.ts';

/** The attempts and events in the database. */
export interface Snapshot {
  attempts: LoginAttempt[];
  events: StoredEvent[];
}

const liveStates: readonly AttemptState[] = ['pending', 'verified'];

export async function emptyDatabase(store: Store): Promise<void> {
  for (const table of ['events', 'passkeys', 'devices', 'sessions', 'attempts', 'users'] as const) {
    await store.deleteFrom(table).execute();
  }
}

/** Checks the invariants of all rows. @param before an earlier snapshot, if there is one. */
export async function checkRows(store: Store, before: Snapshot | null): Promise<Snapshot> {
  const attempts = await store.selectFrom('attempts').selectAll().execute();
  const events = await store.selectFrom('events').selectAll().orderBy('id').execute();
  const sessions = await store.selectFrom('sessions').selectAll().execute();
  const users = await store.selectFrom('users').selectAll().execute();

  for (const attempt of attempts) {
    const own = events.filter((event) => event.attempt_id === attempt.id);
    const count = (type: StoredEvent['type']) => own.filter((event) => event.type === type).length;
    const isLive = liveStates.includes(attempt.state);
    assert.equal(count('attempt_started'), 1, 'an attempt without its start event');
    assert.ok(count('attempt_verified') <= 1, 'verified twice');
    if (attempt.state === 'verified' || attempt.state === 'completed') {
      assert.equal(count('attempt_verified'), 1, 'verified without an event');
    }
    const ends = own.filter(({ type }) =>
      /^attempt_(?:completed|expired|failed|cancelled|contested)$/.test(type),
    );
    assert.deepEqual(
      ends.map(({ type }) => type),
      isLive ? [] : [`attempt_${attempt.state}`],
      'its events do not match its end',
    );
    assert.equal(attempt.ended_at === null, isLive, 'an end without a time');
    assert.equal(ends[0]?.reason ?? null, attempt.failure, 'its event has another reason');
    const earlier = before?.attempts.find(({ id }) => id === attempt.id);
    if (earlier !== undefined && !liveStates.includes(earlier.state)) {
      assert.deepEqual(
        [attempt.state, attempt.ended_at, attempt.failure],
        [earlier.state, earlier.ended_at, earlier.failure],
        'an ended attempt changed',
      );
    }
  }

  const completed = attempts.filter(({ state }) => state === 'completed');
  assert.ok(sessions.length <= completed.length, 'more sessions than logins');
  for (const session of sessions) {
    const user = users.find(({ id }) => id === session.user_id);
    const isEarned = completed.some(
      ({ phone_number, ended_at }) =>
        phone_number === user?.phone_number && ended_at === session.created_at,
    );
    assert.ok(isEarned, 'a session that no attempt earned');
  }
  const numbers = users
    .filter(({ set_aside_at }) => set_aside_at === null)
    .map((user) => user.phone_number);
  assert.equal(new Set(numbers).size, numbers.length, 'two users of one number');
  const live = attempts.filter(({ state }) => liveStates.includes(state));
  assert.equal(
    new Set(live.map((row) => row.browser_hash)).size,
    live.length,
    'two live attempts of one browser',
  );
  return { attempts, events };
}
