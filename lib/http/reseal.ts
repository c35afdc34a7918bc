import 'server-only';
import type { App } from '../services.ts';
import { isStoreFailure } from '../store/failure.ts';
import { readSession } from './session.ts';

/**
 * Has the answer to a request bring its session and its remembered number sealed with the newest
 * secret, where an older one had sealed them: whoever goes on using the site does not need the older.
 * What belongs to a login is not worth it, it is over before a secret is taken away.
 *
 * Answers may cross on their way, and none is to bring an older cookie after a newer one. A newer
 * session comes from a login alone; so this is not for a browser that may be let in meanwhile, which
 * the attempt in its cookies shows, and not for an answer that takes as long as a start and a call.
 * After a log out it brings what the store no longer knows, and a number that another tab has just had
 * forgotten once more, which opens nothing.
 *
 * @returns whether the answer is to bring anything; no cache may keep it then.
 */
export async function resealOld(app: App): Promise<boolean> {
  const { attempt, session, number } = app.cookies;
  const [isSessionOld, isNumberOld] = await Promise.all([session.isOld(), number.isOld()]);
  if (!isSessionOld && !isNumberOld) {
    return false;
  }
  if ((await attempt.read())?.attemptToken !== undefined) {
    return false;
  }
  const old = [
    ...(isNumberOld ? [number] : []),
    ...(isSessionOld && (await hasOpenSession(app)) ? [session] : []),
  ];
  await Promise.all(old.map((cookie) => cookie.reseal()));
  return old.length > 0;
}

/** A store that does not answer is no news here: whatever needs it says so. */
async function hasOpenSession(app: App): Promise<boolean> {
  try {
    return (await readSession(app)) !== null;
  } catch (error) {
    if (isStoreFailure(error)) {
      return false;
    }
    throw error;
  }
}
