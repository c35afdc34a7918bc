import 'server-only';
import { auditedTransaction } from '../store/audit.ts';
import { findDevices, setDeviceNoticesSeen } from '../store/devices.ts';
import type { Device, Session } from '../store/schema.ts';
import {
  deleteSession,
  deleteSessionsOf,
  findSessions,
  setNoticesSeen,
} from '../store/sessions.ts';
import { isAlive } from './lifetime.ts';
import type { LoggedIn, SessionDependencies } from './open.ts';

/** Where a user is logged in: this session first, then the others, the latest login first. */
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
 * @returns false, changing nothing, when the user has no other session of this id.
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
    await record({
      at: deps.clock.now(),
      type: 'session_ended',
      userId: user.id,
      client: other,
    });
    return true;
  });
}

/** Ends every session of the user but this one. */
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
 * The first logins with devices that are new to this user, which this session has not been shown
 * yet; the latest first. The user's very first login and this session's own are none.
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
 * Takes the notices up to `at` for read, in this session and wherever its user next logs in with
 * such a device. Other sessions go on showing them: whoever has stolen one cannot hide them all.
 */
export async function dismissNotices(
  deps: SessionDependencies,
  { user, session }: LoggedIn,
  at: number,
): Promise<void> {
  const until = Math.min(at, deps.clock.now());
  await deps.store.transaction().execute(async (transaction) => {
    await setNoticesSeen(transaction, session, until);
    const { device } = session;
    await setDeviceNoticesSeen(transaction, { userId: user.id, device, at: until });
  });
}
