import 'server-only';
import type { AttemptCookie } from '../cookies/cookies.ts';
import { readAttemptStatus } from '../login/attempt-status.ts';
import { type Poll, type PollOutcome, pollAttempt } from '../login/poll.ts';
import type { App } from '../services.ts';
import { clientInfoOf } from './client-info.ts';
import { forgetAttempt } from './forget-attempt.ts';
import { readSession } from './session.ts';

export type RequestPollOutcome =
  | Exclude<PollOutcome, { status: 'completed' }>
  /** This browser has a session, by this attempt or another. */
  | { status: 'logged_in' };

/**
 * What became of the attempt of the browser that a request comes from; once the call was seen, the
 * answer to this very request logs it in. Held for up to `holdMs` until something changes, unless it
 * has `waited` already; see `Poll` for what it is to be told.
 */
export async function pollForRequest(
  app: App,
  request: Request,
  how: Pick<Poll, 'holdMs' | 'isPrompted' | 'waited'>,
): Promise<RequestPollOutcome> {
  const { config, cookies, login } = app;
  const cookie = await cookies.attempt.read();
  if (cookie?.attemptToken === undefined) {
    // Another tab of this browser may have completed the attempt that this one waits for.
    return await loggedInOrMissing(app);
  }
  const outcome = await pollAttempt(login, cookie.attemptToken, {
    ...how,
    signal: request.signal,
    // Only the poll that logs in looks at it.
    get from() {
      return clientInfoOf(request.headers, config.app.trustedProxy);
    },
  });
  if (outcome.status !== 'completed') {
    return outcome;
  }
  if (outcome.sessionToken !== null) {
    await cookies.session.write({ sessionToken: outcome.sessionToken });
    await rememberNumber(app, cookie);
  }
  await forgetAttempt(app, cookie.browserToken);
  return outcome.sessionToken === null ? await loggedInOrMissing(app) : { status: 'logged_in' };
}

async function loggedInOrMissing(app: App): Promise<RequestPollOutcome> {
  return { status: (await readSession(app)) === null ? 'missing' : 'logged_in' };
}

/** Remembers the number in this browser, or goes on doing so, if its owner asked for it. */
async function rememberNumber(
  { cookies, login }: App,
  { attemptToken, number = 'none' }: AttemptCookie,
): Promise<void> {
  if (number === 'none' || attemptToken === undefined) {
    return;
  }
  const look = await readAttemptStatus(login, attemptToken);
  if (look !== null) {
    await cookies.number.write({ phoneNumber: look.attempt.phone_number });
  }
}
