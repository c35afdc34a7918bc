import 'server-only';
import { getApp } from '../app.ts';
import { findLiveAttemptToken } from '../login/start.ts';

/**
 * Lets the browser forget an attempt that is over, but not itself: its next attempt is no rival of
 * this one. Where another tab has started the next one meanwhile, the browser keeps that.
 */
export async function forgetAttempt(browserToken: string): Promise<void> {
  const { cookies, login } = getApp();
  const attemptToken = await findLiveAttemptToken(login, browserToken);
  await cookies.attempt.write({
    browserToken,
    ...(attemptToken === undefined ? {} : { attemptToken }),
  });
}
