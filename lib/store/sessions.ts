import 'server-only';
import type { Queries, Session, User } from './schema.ts';

/** Adds a session that its browser has not used yet. */
export async function insertSession(
  queries: Queries,
  session: Omit<Session, 'last_used_at'>,
): Promise<void> {
  await queries
    .insertInto('sessions')
    .values({ ...session, last_used_at: null })
    .execute();
}

/** The session with this id and its user, or null. Says nothing about its time or the user's. */
export async function findSession(
  queries: Queries,
  idHash: string,
): Promise<{ session: Session; user: User } | null> {
  const session = await queries
    .selectFrom('sessions')
    .selectAll()
    .where('id_hash', '=', idHash)
    .executeTakeFirst();
  if (session === undefined) {
    return null;
  }
  const user = await queries
    .selectFrom('users')
    .selectAll()
    .where('id', '=', session.user_id)
    .executeTakeFirst();
  return user === undefined ? null : { session, user };
}

/** The sessions of a user, the latest login first. Some of them may be past their time. */
export async function findSessions(queries: Queries, userId: string): Promise<Session[]> {
  return await queries
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('created_at', 'desc')
    .execute();
}

/** Notes when a session, and with it its user, was last active. Never takes a later time back. */
export async function touchSession(
  queries: Queries,
  session: Pick<Session, 'id_hash' | 'user_id'>,
  at: number,
): Promise<void> {
  await queries
    .updateTable('sessions')
    .set({ last_used_at: at })
    .where('id_hash', '=', session.id_hash)
    .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<', at)]))
    .execute();
  await queries
    .updateTable('users')
    .set({ last_active_at: at })
    .where('id', '=', session.user_id)
    .where('last_active_at', '<', at)
    .execute();
}

/** Notes that a session has been shown every login from a new device up to `at`. */
export async function setNoticesSeen(
  queries: Queries,
  session: Pick<Session, 'id_hash'>,
  at: number,
): Promise<void> {
  await queries
    .updateTable('sessions')
    .set({ notices_seen_at: at })
    .where('id_hash', '=', session.id_hash)
    .where('notices_seen_at', '<', at)
    .execute();
}

/** Ends a session; from now on its cookie opens nothing. */
export async function deleteSession(queries: Queries, idHash: string): Promise<void> {
  await queries.deleteFrom('sessions').where('id_hash', '=', idHash).execute();
}

/** Ends the sessions of a user, all of them or all but one. @returns how many there were. */
export async function deleteSessionsOf(
  queries: Queries,
  userId: string,
  exceptIdHash?: string,
): Promise<number> {
  let deletion = queries.deleteFrom('sessions').where('user_id', '=', userId);
  if (exceptIdHash !== undefined) {
    deletion = deletion.where('id_hash', '!=', exceptIdHash);
  }
  const { numDeletedRows } = await deletion.executeTakeFirst();
  return Number(numDeletedRows);
}
