import 'server-only';
import { getApp } from '../app.ts';
import { hasLiveAttempt } from '../login/start.ts';

/**
 * Lets the browser forget an attempt that is over, but not itself: its next attempt is no rival of
 * this one. Where another tab has started the next one meanwhile, the cookie is that one's already.
 */
export async function forgetAttempt(browserToken: string): Promise<void> {
  const { cookies, login } = getApp();
  if (!(await hasLiveAttempt(login, browserToken))) {
    await cookies.attempt.write({ browserToken });
  }
}

/** The same for the browser that this request comes from, if it has an attempt to forget. */
export async function forgetAttemptHere(): Promise<void> {
  const cookie = await getApp().cookies.attempt.read();
  if (cookie?.attemptToken !== undefined) {
    await forgetAttempt(cookie.browserToken);
  }
}
