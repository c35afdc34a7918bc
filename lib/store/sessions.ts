import 'server-only';
import type { InsertResult } from 'kysely';
import { sessionColumns } from './columns.ts';
import { compileOnce } from './compile-once.ts';
import type { Queries, Session, User } from './schema.ts';
import { findUser } from './users.ts';

/**
 * Adds a session that has not been used yet.
 *
 * @param session.notices_seen_at by default what is known of the user and such a device: see `Device`.
 */
export async function insertSession(
  queries: Queries,
  session: Omit<NewSession, 'notices_seen_at'> & { notices_seen_at?: number },
): Promise<void> {
  await insertion(queries, { notices_seen_at: null, ...session });
}

type NewSession = Omit<Session, 'last_used_at' | 'notices_seen_at'> & {
  notices_seen_at: number | null;
};

const insertion = compileOnce<NewSession, InsertResult>((queries, value) =>
  queries.insertInto('sessions').values({
    id_hash: value('id_hash'),
    public_id: value('public_id'),
    user_id: value('user_id'),
    device: value('device'),
    network: value('network'),
    created_at: value('created_at'),
    expires_at: value('expires_at'),
    notices_seen_at: ({ fn, selectFrom }) =>
      fn.coalesce(
        value('notices_seen_at'),
        selectFrom('devices')
          .select('notices_seen_at')
          .where('user_id', '=', value('user_id'))
          .where('device', '=', value('device')),
        value('created_at'),
      ),
    method: value('method'),
    passkey_used_at: value('passkey_used_at'),
  }),
);

/** Finds a session with its user. Does not check whether the session has expired or the user is disabled. */
export async function findSession(
  queries: Queries,
  idHash: string,
): Promise<{ session: Session; user: User } | null> {
  const {
    rows: [session],
  } = await selectionByHash(queries, { idHash });
  if (session === undefined) {
    return null;
  }
  const user = await findUser(queries, session.user_id);
  return user === null ? null : { session, user };
}

const selectionByHash = compileOnce<{ idHash: string }, Session>((queries, value) =>
  queries.selectFrom('sessions').select(sessionColumns).where('id_hash', '=', value('idHash')),
);

/** The sessions of a user, the latest login first, including expired ones. */
export async function findSessions(queries: Queries, userId: string): Promise<Session[]> {
  return await queries
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('created_at', 'desc')
    .execute();
}

/**
 * Records when a session and its user were last active. Never moves back. A session that began with a
 * passkey says nothing about who has the phone number, so its user counts as inactive.
 */
export async function touchSession(
  queries: Queries,
  session: Pick<Session, 'id_hash' | 'user_id' | 'method'>,
  at: number,
): Promise<void> {
  await queries
    .updateTable('sessions')
    .set({ last_used_at: at })
    .where('id_hash', '=', session.id_hash)
    .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<', at)]))
    .execute();
  if (session.method === 'passkey') {
    return;
  }
  await queries
    .updateTable('users')
    .set({ last_active_at: at })
    .where('id', '=', session.user_id)
    .where('last_active_at', '<', at)
    .execute();
}

/**
 * Records the use of a passkey in a session, which gets a new token: a copy of the old cookie must not
 * gain from it.
 *
 * @returns false, changing nothing, if the session has ended or has a new token already.
 */
export async function setPasskeyUsedInSession(
  queries: Queries,
  idHash: string,
  use: { newIdHash: string; at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await queries
    .updateTable('sessions')
    .set({ id_hash: use.newIdHash, passkey_used_at: use.at, last_used_at: use.at })
    .where('id_hash', '=', idHash)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/**
 * Marks notices of new devices up to `at` as seen, in a session and in future sessions of its user with the
 * same kind of device. Never moves back.
 */
export async function setNoticesSeen(
  queries: Queries,
  session: Pick<Session, 'id_hash' | 'user_id' | 'device'>,
  at: number,
): Promise<void> {
  await queries
    .updateTable('sessions')
    .set({ notices_seen_at: at })
    .where('id_hash', '=', session.id_hash)
    .where('notices_seen_at', '<', at)
    .execute();
  await queries
    .updateTable('devices')
    .set({ notices_seen_at: at })
    .where('user_id', '=', session.user_id)
    .where('device', '=', session.device)
    .where('notices_seen_at', '<', at)
    .execute();
}

/** Ends a session, which invalidates its cookie. */
export async function deleteSession(queries: Queries, idHash: string): Promise<void> {
  await queries.deleteFrom('sessions').where('id_hash', '=', idHash).execute();
}

/** Ends all sessions of a user, or all but one. @returns the number of ended sessions. */
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
