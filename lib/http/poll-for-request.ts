import 'server-only';
import type { AttemptCookie } from '../cookies/cookies.ts';
import { readAttemptStatus } from '../login/attempt-status.ts';
import { HeldPoll } from '../login/held-poll.ts';
import { type Poll, type PollOutcome, pollAttempt } from '../login/poll.ts';
import type { RequestContext } from './request-context.ts';
import { readSession } from './session.ts';

type RequestPollOutcome =
  | Exclude<PollOutcome, { status: 'completed' }>
  /** This browser has a session, from this attempt or another. */
  | { status: 'completed' };

/**
 * Polls the attempt of the browser that a request comes from, as `pollAttempt` does. Once the call was verified, the answer
 * to this very request logs the browser in.
 *
 * @param held what this request has waited for; null when it arrives.
 */
export async function pollForRequest(
  context: RequestContext,
  poll: Pick<Poll, 'holdMs' | 'isPrompted'>,
  held: HeldPoll | null,
): Promise<RequestPollOutcome | HeldPoll> {
  const { client, cookies, login } = context;
  const cookie = await cookies.attempt.read();
  if (cookie?.attemptToken === undefined) {
    // Another tab of this browser may have completed the attempt that this one polls.
    return await completedOrMissing(context);
  }
  const outcome = await pollAttempt(login, cookie.attemptToken, { ...poll, client }, held);
  if (outcome instanceof HeldPoll || outcome.status !== 'completed') {
    return outcome;
  }
  if (outcome.sessionToken === null) {
    return await completedOrMissing(context);
  }
  cookies.session.write({ sessionToken: outcome.sessionToken });
  await rememberNumber(context, cookie);
  // The cookie of the attempt stays: it yields this session until that is used, and nothing after.
  return { status: 'completed' };
}

async function completedOrMissing(context: RequestContext): Promise<RequestPollOutcome> {
  return { status: (await readSession(context)) === null ? 'missing' : 'completed' };
}

/** Remembers the number in this browser, or goes on doing so, if its owner asked for it. */
async function rememberNumber(
  { cookies, login }: RequestContext,
  { attemptToken, number = 'none' }: AttemptCookie,
): Promise<void> {
  if (number === 'none' || attemptToken === undefined) {
    return;
  }
  const status = await readAttemptStatus(login, attemptToken);
  if (status !== null) {
    cookies.number.write({ phoneNumber: status.attempt.phone_number });
  }
}
