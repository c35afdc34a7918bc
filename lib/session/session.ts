import 'server-only';
import { redirect } from 'next/navigation';
import { getApp } from '../app.ts';
import { insertEvent } from '../store/events.ts';
import type { Session, User } from '../store/schema.ts';
import { deleteSession, findSession, touchSession } from '../store/sessions.ts';
import { hashToken } from '../token.ts';

/** How exact "last used" is; a write for every request would cost more than it tells. */
const TOUCH_INTERVAL_MS = 60_000;

export interface LoggedIn {
  user: User;
  session: Session;
}

/**
 * Who this request comes from, or null for an anonymous visitor. The cookie alone proves nothing:
 * the session's row is read every time, so ending a session works on the next request.
 */
export async function readSession(): Promise<LoggedIn | null> {
  const { cookies, store, clock } = getApp();
  const cookie = await cookies.session.read();
  if (cookie === null) {
    return null;
  }
  const found = await findSession(store, hashToken(cookie.sessionToken));
  const now = clock.now();
  if (found === null || found.session.expires_at <= now || found.user.disabled_at !== null) {
    return null;
  }
  const { session } = found;
  if (session.last_used_at === null || now - session.last_used_at >= TOUCH_INTERVAL_MS) {
    await touchSession(store, session.id_hash, now);
  }
  return found;
}

/** For pages: the user and session of this request; an anonymous visitor is sent to log in. */
export async function requireUser(): Promise<LoggedIn> {
  return (await readSession()) ?? redirect('/login');
}

/** Ends the session of this request, if it has one, in the store and in the browser. */
export async function endSession(): Promise<void> {
  const { cookies, store, clock } = getApp();
  const loggedIn = await readSession();
  if (loggedIn !== null) {
    await store.transaction().execute(async (transaction) => {
      await deleteSession(transaction, loggedIn.session.id_hash);
      await insertEvent(transaction, {
        at: clock.now(),
        type: 'logged_out',
        userId: loggedIn.user.id,
      });
    });
  }
  await cookies.session.clear();
}
