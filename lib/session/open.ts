import 'server-only';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { recordChange } from '../recording.ts';
import { isUnwritable } from '../store/failure.ts';
import type { Session, Store, User } from '../store/schema.ts';
import { deleteSession, findSession, touchSession } from '../store/sessions.ts';
import { hashToken } from '../token.ts';
import { isAlive, isTouchDue } from './lifetime.ts';

/** What sessions need from the rest of the house. */
export interface SessionParts {
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
  parts: SessionParts,
  sessionToken: string,
): Promise<LoggedIn | null> {
  const { store, idleMs } = parts;
  const found = await findSession(store, hashToken(sessionToken));
  if (found === null) {
    return null;
  }
  const { session, user } = found;
  const now = parts.clock.now();
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
  parts: SessionParts,
  { session, user }: LoggedIn,
): Promise<void> {
  await recordChange(parts, async ({ transaction, record }) => {
    await deleteSession(transaction, session.id_hash);
    const at = parts.clock.now();
    await record({ at, type: 'logged_out', userId: user.id, whereabouts: session });
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
