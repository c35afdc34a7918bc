import 'server-only';
import { fail, type Result, succeed } from '../shared/result.ts';
import { auditedTransaction } from '../store/audit.ts';
import { findDevices } from '../store/devices.ts';
import { durableTransaction } from '../store/dialect.ts';
import { findPasskeys } from '../store/passkeys.ts';
import type { ClientInfo, Session } from '../store/schema.ts';
import {
  deleteSession,
  deleteSessionsOf,
  findSessions,
  setNoticesSeen,
} from '../store/sessions.ts';
import { isAlive } from './lifetime.ts';
import { isCallAlone, readLimitedUntil } from './limited.ts';
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
 * Ends another session of the same user. Refused, changing nothing, to a limited session, and where the
 * user has no other session with this public id.
 */
export async function endOtherSession(
  deps: SessionDependencies,
  loggedIn: LoggedIn,
  publicId: string,
): Promise<Result<null, { code: 'session_missing' | 'session_limited' }>> {
  const { user, session } = loggedIn;
  return await auditedTransaction(deps, async ({ transaction, record }) => {
    if ((await readLimitedUntil(deps, loggedIn, transaction)) !== null) {
      return fail({ code: 'session_limited' });
    }
    const other = (await findSessions(transaction, user.id)).find(
      ({ public_id, id_hash }) => public_id === publicId && id_hash !== session.id_hash,
    );
    if (other === undefined) {
      return fail({ code: 'session_missing' });
    }
    await deleteSession(transaction, other.id_hash);
    const at = deps.clock.now();
    record({ at, type: 'session_ended', userId: user.id, client: other });
    return succeed(null);
  });
}

/** Ends all sessions of the user except this one. Refused, changing nothing, to a limited session. */
export async function endOtherSessions(
  deps: SessionDependencies,
  loggedIn: LoggedIn,
): Promise<Result<null, { code: 'session_limited' }>> {
  const { user, session } = loggedIn;
  return await auditedTransaction(deps, async ({ transaction, record }) => {
    if ((await readLimitedUntil(deps, loggedIn, transaction)) !== null) {
      return fail({ code: 'session_limited' });
    }
    if ((await deleteSessionsOf(transaction, user.id, session.id_hash)) > 0) {
      const at = deps.clock.now();
      record({ at, type: 'other_sessions_ended', userId: user.id });
    }
    return succeed(null);
  });
}

/** What the other devices of a user are told of. */
interface Notice extends ClientInfo {
  kind: NoticeKind;
  at: number;
  /** The public id of the session that caused it; it may have ended. */
  sessionId: string;
}

/** The first login with a new device; a login by call alone although there is a passkey; a new passkey. */
type NoticeKind = 'new_device' | 'call_alone' | 'passkey_added';

/**
 * What has not been seen in this session yet, the latest first. What this session did itself and the
 * user's very first login do not count.
 */
export async function findNotices(
  deps: SessionDependencies,
  loggedIn: LoggedIn,
): Promise<Notice[]> {
  const { user, session } = loggedIn;
  const [devices, passkeys, [, ...others]] = await Promise.all([
    findDevices(deps.store, user.id),
    deps.usesPasskeys ? findPasskeys(deps.store, user.id) : [],
    findLiveSessions(deps, loggedIn),
  ]);
  const now = deps.clock.now();
  const firstPasskey = passkeys.at(-1);
  const callAlone = others.filter(
    (other) =>
      firstPasskey !== undefined &&
      other.created_at > firstPasskey.created_at &&
      isCallAlone(other, now),
  );
  const notices = [
    ...callAlone.map((other) => noticeOf('call_alone', other.created_at, other.public_id, other)),
    ...passkeys.map((passkey) =>
      noticeOf('passkey_added', passkey.created_at, passkey.session_public_id, passkey),
    ),
    ...devices
      .slice(0, -1)
      .filter((device) =>
        callAlone.every(({ public_id }) => public_id !== device.session_public_id),
      )
      .map((device) =>
        noticeOf('new_device', device.first_login_at, device.session_public_id, device),
      ),
  ];
  return notices
    .filter(({ sessionId, at }) => sessionId !== session.public_id && at > session.notices_seen_at)
    .toSorted((one, other) => other.at - one.at);
}

function noticeOf(
  kind: NoticeKind,
  at: number,
  sessionId: string,
  { device, network }: ClientInfo,
): Notice {
  return { kind, at, sessionId, device, network };
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
  await durableTransaction(deps.store, async (transaction) => {
    await setNoticesSeen(transaction, session, until);
  });
}
