import 'server-only';
import { redirect } from 'next/navigation';
import type { App } from '../app.ts';
import { recordChange } from '../recording.ts';
import { deleteSession } from '../store/sessions.ts';
import { type LoggedIn, openSession } from './open.ts';

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
    const { session, user } = loggedIn;
    await recordChange(app, async ({ transaction, record }) => {
      await deleteSession(transaction, session.id_hash);
      await record({
        at: app.clock.now(),
        type: 'logged_out',
        userId: user.id,
        whereabouts: session,
      });
    });
  }
  await app.cookies.session.clear();
}
