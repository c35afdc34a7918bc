import 'server-only';
import { sessionTokenOf } from '../login/deliver.ts';
import { isStoreFailure } from '../store/failure.ts';
import type { RequestContext } from './request-context.ts';
import { readSession } from './session.ts';

/**
 * Re-seals the session and the remembered number of a request with the newest secret, where an older
 * one sealed them, so that a browser that goes on using the site does not need the older secret. An
 * attempt's cookie is not re-sealed: the attempt is over before a secret is retired.
 *
 * Answers may arrive out of order, and an older session must never replace a newer one. Only a login
 * makes a newer one, so nothing is re-sealed while the browser holds an attempt, unless the session is the
 * one that this attempt began, nor in answers that take as long as a start or a held poll.
 */
export async function resealOld(context: RequestContext): Promise<void> {
  const { attempt, session, number } = context.cookies;
  const [isSessionOld, isNumberOld] = await Promise.all([session.isOld(), number.isOld()]);
  if (!isSessionOld && !isNumberOld) {
    return;
  }
  const attemptToken = (await attempt.read())?.attemptToken;
  const sessionToken = (await session.read())?.sessionToken;
  if (attemptToken !== undefined && sessionTokenOf(attemptToken) !== sessionToken) {
    return;
  }
  if (isNumberOld) {
    await number.reseal();
  }
  if (isSessionOld && (await hasOpenSession(context))) {
    await session.reseal();
  }
}

/** Store failures are ignored here: the code that needs the session reports them. */
async function hasOpenSession(context: RequestContext): Promise<boolean> {
  try {
    return (await readSession(context)) !== null;
  } catch (error) {
    if (isStoreFailure(error)) {
      return false;
    }
    throw error;
  }
}
