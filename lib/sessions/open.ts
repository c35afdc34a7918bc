import 'server-only';
import { hashToken } from '../crypto/token.ts';
import type { Log } from '../observe/log.ts';
import type { Clock } from '../shared/clock.ts';
import { auditedTransaction } from '../store/audit.ts';
import { durableTransaction } from '../store/dialect.ts';
import { ignoreUnwritable } from '../store/failure.ts';
import type { Session, Store, User } from '../store/schema.ts';
import { deleteSession, findSession, touchSession } from '../store/sessions.ts';
import { isAlive, isTouchDue } from './lifetime.ts';

/** What sessions need from the rest of the app; the log is that of the request or command. */
export interface SessionDependencies {
  store: Store;
  clock: Clock;
  /** A session that has not been used for this long is no longer valid. */
  idleMs: number;
  /** Whether passkeys are in use: where an account has one, a call alone opens a limited session. */
  usesPasskeys: boolean;
  log: Log;
}

export interface LoggedIn {
  user: User;
  session: Session;
}

/**
 * Returns the valid session of a token with its user, or null, and records its use.
 *
 * Deletes a session that is no longer valid, so that setting the clock back does not revive it.
 */
export async function openSession(
  deps: SessionDependencies,
  sessionToken: string,
): Promise<LoggedIn | null> {
  const { store, idleMs } = deps;
  const found = await findSession(store, hashToken(sessionToken));
  if (found === null) {
    return null;
  }
  const { session, user } = found;
  const now = deps.clock.now();
  if (!isAlive(session, now, idleMs)) {
    await deleteSession(store, session.id_hash).catch(ignoreUnwritable);
    return null;
  }
  // Of an account that was set aside, only its passkeys know the owner (docs/decisions/0021).
  const isSetAside = user.set_aside_at !== null && session.method !== 'passkey';
  if (user.disabled_at !== null || isSetAside) {
    return null;
  }
  if (isTouchDue(session, now, idleMs)) {
    await durableTransaction(
      store,
      async (transaction) => await touchSession(transaction, session, now),
    ).catch(ignoreUnwritable);
  }
  return found;
}

/** Ends a session because its user logs out. */
export async function closeSession(
  deps: SessionDependencies,
  { session, user }: LoggedIn,
): Promise<void> {
  await auditedTransaction(deps, async ({ transaction, record }) => {
    await deleteSession(transaction, session.id_hash);
    const at = deps.clock.now();
    record({ at, type: 'logged_out', userId: user.id, client: session });
  });
}
