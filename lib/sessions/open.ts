import 'server-only';
import { hashToken } from '../crypto/token.ts';
import type { Log } from '../observe/log.ts';
import type { Clock } from '../shared/clock.ts';
import { auditedTransaction } from '../store/audit.ts';
import { isUnwritable } from '../store/failure.ts';
import type { Session, Store, User } from '../store/schema.ts';
import { deleteSession, findSession, touchSession } from '../store/sessions.ts';
import { isAlive, isTouchDue } from './lifetime.ts';

/** What sessions need from the rest of the house. */
export interface SessionDependencies {
  store: Store;
  clock: Clock;
  log: Log;
  /** A session that was not used for this long is over. */
  idleMs: number;
}

export interface LoggedIn {
  user: User;
  session: Session;
}

/**
 * The session that a token opens, with its user, or null. Notes that it was used.
 *
 * A session found to be over is deleted, so that no clock set back opens it again.
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
    await unlessUnwritable(() => deleteSession(store, session.id_hash));
    return null;
  }
  if (user.disabled_at !== null || user.set_aside_at !== null) {
    return null;
  }
  if (isTouchDue(session, now, idleMs)) {
    await unlessUnwritable(() =>
      store
        .transaction()
        .execute(async (transaction) => await touchSession(transaction, session, now)),
    );
  }
  return found;
}

/** Ends a session because its user logs out: from now on its cookie opens nothing. */
export async function closeSession(
  deps: SessionDependencies,
  { session, user }: LoggedIn,
): Promise<void> {
  await auditedTransaction(deps, async ({ transaction, record }) => {
    await deleteSession(transaction, session.id_hash);
    const at = deps.clock.now();
    await record({ at, type: 'logged_out', userId: user.id, client: session });
  });
}

/** A database that cannot be written keeps nobody from reading: the next request notes it. */
async function unlessUnwritable(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isUnwritable(error)) {
      throw error;
    }
  }
}
