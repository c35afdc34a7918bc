import 'server-only';
import { redirect } from 'next/navigation';
import type { App } from '../services.ts';
import { closeSession, type LoggedIn, openSession } from '../sessions/open.ts';

/**
 * Who a request comes from, or null for an anonymous visitor. The cookie alone proves nothing: the
 * session's row is read every time, so ending a session works on the next request.
 */
export async function readSession({ cookies, sessions }: App): Promise<LoggedIn | null> {
  const cookie = await cookies.session.read();
  return cookie === null ? null : await openSession(sessions, cookie.sessionToken);
}

/** For pages: the user and session of a request; an anonymous visitor is sent to log in. */
export async function requireUser(app: App): Promise<LoggedIn> {
  return (await readSession(app)) ?? redirect('/login');
}

/** Ends the session of a request, if it has one, in the store and in the browser. */
export async function endSession(app: App): Promise<void> {
  const loggedIn = await readSession(app);
  if (loggedIn !== null) {
    await closeSession(app.sessions, loggedIn);
  }
  app.cookies.session.clear();
}
