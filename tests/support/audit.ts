import type { EventType, Store } from '#lib/store/schema.ts';

/**
 * Compares the tables with the events. @returns one line per mismatch; empty when every change has exactly one
 * event, every event has its change, and every attempt is consistent. Only for databases in which no event
 * stands for the end of several sessions.
 */
export async function findUnaccounted(store: Store): Promise<string[]> {
  const [attempts, sessions, users, events] = await Promise.all([
    store.selectFrom('attempts').selectAll().execute(),
    store.selectFrom('sessions').selectAll().execute(),
    store.selectFrom('users').selectAll().execute(),
    store.selectFrom('events').selectAll().orderBy('id').execute(),
  ]);
  const found: string[] = [];
  const expectCount = (what: string, count: number, expected: number) => {
    if (count !== expected) {
      found.push(`${what}: ${count} instead of ${expected}`);
    }
  };

  const ofAttempts = Map.groupBy(events, (event) => event.attempt_id);
  for (const { id, state, failure, ended_at, pauth_session_id, call_number } of attempts) {
    const own = ofAttempts.get(id) ?? [];
    const count = (type: EventType) => own.filter((event) => event.type === type).length;
    const isVerified = state === 'verified' || state === 'completed';
    expectCount(`${state} attempt, starts`, count('attempt_started'), 1);
    const isLive = state === 'pending' || state === 'verified';
    if (isLive !== (ended_at === null) || (pauth_session_id === null) !== (call_number === null)) {
      found.push(`${state} attempt, half written`);
    }
    if (isVerified || state === 'pending') {
      expectCount(`${state} attempt, verifications`, count('attempt_verified'), isVerified ? 1 : 0);
    }
    for (const end of ['completed', 'expired', 'failed', 'cancelled', 'contested'] as const) {
      const ends = own.filter((event) => event.type === `attempt_${end}`);
      expectCount(`${state} attempt, ends as ${end}`, ends.length, state === end ? 1 : 0);
      for (const event of ends) {
        if (event.at !== ended_at || event.reason !== failure) {
          found.push(`${state} attempt, with an event of another end`);
        }
      }
    }
  }
  expectCount(
    'attempts with events',
    new Set(events.map((event) => event.attempt_id).filter((id) => id !== null)).size,
    attempts.length,
  );

  const ofUsers = Map.groupBy(events, (event) => event.user_id);
  const sessionsOf = Map.groupBy(sessions, (session) => session.user_id);
  for (const user of users) {
    const own = ofUsers.get(user.id) ?? [];
    const logins = own.filter((event) => event.type === 'attempt_completed');
    const ended = own.filter(({ type }) => type === 'logged_out' || type === 'session_ended');
    const begun = sessionsOf.get(user.id) ?? [];
    expectCount('user, creations', own.filter((event) => event.type === 'user_created').length, 1);
    expectCount('user, sessions live and ended', begun.length + ended.length, logins.length);
    for (const session of begun) {
      if (!logins.some((login) => login.at === session.created_at)) {
        found.push('session without a login event at its time');
      }
    }
    if (user.last_login_at !== (logins.at(-1)?.at ?? null)) {
      found.push('user whose last login is not the last login event');
    }
  }
  return found;
}
