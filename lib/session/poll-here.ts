import 'server-only';
import { getApp } from '../app.ts';
import { lookAtAttempt } from '../login/look.ts';
import { type PollOutcome, pollAttempt } from '../login/poll.ts';
import type { AttemptCookie } from './cookies.ts';
import { forgetAttempt } from './forget-attempt.ts';
import { readSession } from './session.ts';
import { whereaboutsOf } from './whereabouts.ts';

export type PollHereOutcome =
  | Exclude<PollOutcome, { status: 'completed' }>
  /** This browser has a session, by this attempt or another. */
  | { status: 'logged_in' };

/**
 * What became of the attempt of the browser that a request comes from; once the call was seen, the
 * answer to this very request logs it in. Held for up to `holdMs` until something changes.
 */
export async function pollHere(request: Request, holdMs: number): Promise<PollHereOutcome> {
  const { config, cookies, login } = getApp();
  const cookie = await cookies.attempt.read();
  if (cookie?.attemptToken === undefined) {
    // Another tab of this browser may have completed the attempt that this one waits for.
    return await loggedInOrMissing();
  }
  const outcome = await pollAttempt(login, cookie.attemptToken, {
    holdMs,
    signal: request.signal,
    from: whereaboutsOf(request.headers, config.app.trustedProxy),
  });
  if (outcome.status !== 'completed') {
    return outcome;
  }
  if (outcome.sessionToken !== null) {
    await cookies.session.write({ sessionToken: outcome.sessionToken });
    await rememberNumber(cookie);
  }
  await forgetAttempt(cookie.browserToken);
  return outcome.sessionToken === null ? await loggedInOrMissing() : { status: 'logged_in' };
}

async function loggedInOrMissing(): Promise<PollHereOutcome> {
  return { status: (await readSession()) === null ? 'missing' : 'logged_in' };
}

/** Remembers the number in this browser, or goes on doing so, if its owner asked for it. */
async function rememberNumber({ attemptToken, number }: AttemptCookie): Promise<void> {
  const { cookies, login } = getApp();
  if (number === undefined || attemptToken === undefined) {
    return;
  }
  const look = await lookAtAttempt(login, attemptToken);
  if (look !== null) {
    await cookies.number.write({ phoneNumber: look.attempt.phone_number });
  }
}
