import 'server-only';
import { redirect } from 'next/navigation';
import { getApp } from '../app.ts';
import { insertEvent } from '../store/events.ts';
import { deleteSession } from '../store/sessions.ts';
import { type LoggedIn, openSession } from './open.ts';

/**
 * Who this request comes from, or null for an anonymous visitor. The cookie alone proves nothing:
 * the session's row is read every time, so ending a session works on the next request.
 */
export async function readSession(): Promise<LoggedIn | null> {
  const { cookies, sessions } = getApp();
  const cookie = await cookies.session.read();
  return cookie === null ? null : await openSession(sessions, cookie.sessionToken);
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
    const { session, user } = loggedIn;
    await store.transaction().execute(async (transaction) => {
      await deleteSession(transaction, session.id_hash);
      await insertEvent(transaction, {
        at: clock.now(),
        type: 'logged_out',
        userId: user.id,
        whereabouts: session,
      });
    });
  }
  await cookies.session.clear();
}
