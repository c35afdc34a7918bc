import 'server-only';
import { closeSession, type LoggedIn, openSession } from '../sessions/open.ts';
import type { RequestContext } from './request-context.ts';

/**
 * Who a request comes from, or null for an anonymous visitor. The cookie alone proves nothing: the
 * session's row is read every time, so ending a session takes effect with the next request.
 */
export async function readSession({ cookies, sessions }: RequestContext): Promise<LoggedIn | null> {
  const cookie = await cookies.session.read();
  return cookie === null ? null : await openSession(sessions, cookie.sessionToken);
}

/** Ends the session of a request, if it has one, in the store and in the browser. */
export async function endSession(context: RequestContext): Promise<void> {
  const loggedIn = await readSession(context);
  if (loggedIn !== null) {
    await closeSession(context.sessions, loggedIn);
  }
  context.cookies.session.clear();
}
