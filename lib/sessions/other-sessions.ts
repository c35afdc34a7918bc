import 'server-only';
import { auditedTransaction } from '../store/audit.ts';
import { findDevices } from '../store/devices.ts';
import type { Device, Session } from '../store/schema.ts';
import {
  deleteSession,
  deleteSessionsOf,
  findSessions,
  setNoticesSeen,
} from '../store/sessions.ts';
import { isAlive } from './lifetime.ts';
import type { LoggedIn, SessionDependencies } from './open.ts';

/** The valid sessions of a user: this one first, then the others, the latest login first. */
export async function findLiveSessions(
  deps: SessionDependencies,
  { user, session }: LoggedIn,
): Promise<[Session, ...Session[]]> {
  const now = deps.clock.now();
  const all = await findSessions(deps.store, user.id);
  const others = all.filter(
    (other) => other.id_hash !== session.id_hash && isAlive(other, now, deps.idleMs),
  );
  return [session, ...others];
}

/**
 * Ends another session of the same user.
 *
 * @returns false, changing nothing, if the user has no other session with this public id.
 */
export async function endOtherSession(
  deps: SessionDependencies,
  { user, session }: LoggedIn,
  publicId: string,
): Promise<boolean> {
  return await auditedTransaction(deps, async ({ transaction, record }) => {
    const other = (await findSessions(transaction, user.id)).find(
      ({ public_id, id_hash }) => public_id === publicId && id_hash !== session.id_hash,
    );
    if (other === undefined) {
      return false;
    }
    await deleteSession(transaction, other.id_hash);
    const at = deps.clock.now();
    await record({ at, type: 'session_ended', userId: user.id, client: other });
    return true;
  });
}

/** Ends all sessions of the user except this one. */
export async function endOtherSessions(
  deps: SessionDependencies,
  { user, session }: LoggedIn,
): Promise<void> {
  await auditedTransaction(deps, async ({ transaction, record }) => {
    if ((await deleteSessionsOf(transaction, user.id, session.id_hash)) > 0) {
      const at = deps.clock.now();
      await record({ at, type: 'other_sessions_ended', userId: user.id });
    }
  });
}

/**
 * The first logins with new devices that have not been seen in this session yet, the latest first. The
 * user's very first login and the login of this session do not count.
 */
export async function findNotices(
  deps: SessionDependencies,
  { user, session }: LoggedIn,
): Promise<Device[]> {
  const devices = await findDevices(deps.store, user.id);
  return devices.filter(
    (device, index) =>
      index < devices.length - 1 &&
      device.session_public_id !== session.public_id &&
      device.first_login_at > session.notices_seen_at,
  );
}

/**
 * Marks the notices up to `at` as seen, in this session and in future sessions with the same kind of device.
 * The other sessions keep showing them, so that a stolen session cannot hide them everywhere.
 */
export async function dismissNotices(
  deps: SessionDependencies,
  { session }: LoggedIn,
  at: number,
): Promise<void> {
  const until = Math.min(at, deps.clock.now());
  await deps.store.transaction().execute(async (transaction) => {
    await setNoticesSeen(transaction, session, until);
  });
}
