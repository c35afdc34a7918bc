import 'server-only';
import { hasLiveAttempt } from '../login/start.ts';
import type { App } from '../services.ts';

/**
 * Lets the browser forget an attempt that is over, but not itself: its next attempt is no rival of
 * this one. Where another tab has started the next one meanwhile, the cookie is that one's already.
 */
export async function forgetAttempt({ cookies, login }: App, browserToken: string): Promise<void> {
  if (!(await hasLiveAttempt(login, browserToken))) {
    await cookies.attempt.write({ browserToken });
  }
}

/** The same for the browser of a request, if it has an attempt to forget. */
export async function forgetAttemptOfRequest(app: App): Promise<void> {
  const cookie = await app.cookies.attempt.read();
  if (cookie?.attemptToken !== undefined) {
    await forgetAttempt(app, cookie.browserToken);
  }
}
