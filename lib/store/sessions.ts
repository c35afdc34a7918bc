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

/** Notes when a session was last used. */
export async function touchSession(queries: Queries, idHash: string, at: number): Promise<void> {
  await queries
    .updateTable('sessions')
    .set({ last_used_at: at })
    .where('id_hash', '=', idHash)
    .execute();
}

/** Ends a session; from now on its cookie opens nothing. */
export async function deleteSession(queries: Queries, idHash: string): Promise<void> {
  await queries.deleteFrom('sessions').where('id_hash', '=', idHash).execute();
}
