import 'server-only';
import { deriveToken, hashToken } from '../crypto/token.ts';
import type { AttemptEnd } from '../shared/attempt-states.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import { findAttemptById } from '../store/attempts.ts';
import type { ClientInfo, LoginAttempt } from '../store/schema.ts';
import { findSession } from '../store/sessions.ts';
import { canComplete, isLive } from './attempt.ts';
import { codeOfEnd } from './attempt-status.ts';
import { completeAttempt } from './complete.ts';
import { type LoginDependencies, REDELIVERY_MS } from './dependencies.ts';
import type { LoginFailure } from './failures.ts';
import { PROMPTED_CHECK_MS, pollPauseMs } from './schedule.ts';
import {
  awaitChange,
  awaitNews,
  isWaitOver,
  LEASED_WAIT_MS,
  type Wait,
  type Waited,
} from './wait.ts';

export interface PendingOutcome {
  status: 'pending';
  expiresInMs: number;
  pollAfterMs: number;
}

export type PollOutcome =
  | PendingOutcome
  /** The vendor did not answer; the attempt lives on. */
  | { status: 'trouble'; failure: LoginFailure }
  /** Logged in. The token is null when the session has been delivered and used already. */
  | { status: 'completed'; sessionToken: string | null }
  | { status: AttemptEnd; code: AttemptEndCode }
  /** No attempt has this token. */
  | { status: 'missing' };

/** One request for the outcome of an attempt. */
export interface Poll extends Wait {
  /** What the browser is and where, to be kept with the session if this poll begins it. */
  from: ClientInfo;
  /** What waiting for this very request came to, where that was done already. */
  waited?: Waited | undefined;
}

/**
 * What became of an attempt: waits for news of it (see `awaitNews`), and completes the login where
 * the call has come.
 *
 * Only the browser that started the attempt has `attemptToken`, so only it can be logged in here.
 */
export async function pollAttempt(
  deps: LoginDependencies,
  attemptToken: string,
  poll: Poll,
): Promise<PollOutcome> {
  const { news: first, holdUntilMs } = poll.waited ?? (await awaitNews(deps, attemptToken, poll));
  for (let news = first; ; ) {
    if (!news.ok) {
      return { status: 'trouble', failure: news.error };
    }
    const attempt = news.value;
    if (attempt === null) {
      return { status: 'missing' };
    }
    if (attempt.state === 'completed') {
      return await deliver(deps, attempt, attemptToken);
    }
    if (attempt.state !== 'pending' && attempt.state !== 'verified') {
      return { status: attempt.state, code: codeOfEnd(attempt, attempt.state) };
    }
    if (!canComplete(attempt, deps.clock.now())) {
      return pending(deps, attempt, poll);
    }
    const completed = await complete(deps, attempt, attemptToken, poll);
    if (!completed.ok) {
      return { status: 'trouble', failure: completed.error };
    }
    if (completed.value === 'logged_in') {
      return { status: 'completed', sessionToken: sessionTokenOf(attemptToken) };
    }
    if (completed.value === 'not_yet') {
      if (isWaitOver(deps, holdUntilMs, poll.signal)) {
        return pending(deps, attempt, poll);
      }
      await pause(deps, attempt, poll);
    }
    const since = deps.notifications.moment();
    const now = await findAttemptById(deps.store, attempt.id);
    news = await awaitChange(deps, { attempt: now, since }, holdUntilMs, poll.signal);
  }
}

/** What a wait came to if it was for nothing: the call has not come. Null where there is more to do. */
export function pendingAfter(
  deps: LoginDependencies,
  { news }: Waited,
  how: Pick<Poll, 'holdMs' | 'isPrompted'>,
): PendingOutcome | null {
  const attempt = news.ok ? news.value : null;
  return attempt === null || !isLive(attempt) || canComplete(attempt, deps.clock.now())
    ? null
    : pending(deps, attempt, how);
}

function pending(
  { clock, rules }: LoginDependencies,
  attempt: LoginAttempt,
  { holdMs, isPrompted }: Pick<Poll, 'holdMs' | 'isPrompted'>,
): PendingOutcome {
  const now = clock.now();
  const usualMs = pollPauseMs(now - attempt.created_at, holdMs, rules);
  return {
    status: 'pending',
    expiresInMs: attempt.expires_at - now,
    // Who asks because they have called comes back for what the vendor says then.
    pollAfterMs: isPrompted ? Math.max(0, PROMPTED_CHECK_MS - holdMs) : usualMs,
  };
}

async function complete(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  attemptToken: string,
  { from }: Pick<Poll, 'from'>,
): ReturnType<typeof completeAttempt> {
  deps.callbackReach.note(attempt.called_back_at !== null);
  return await completeAttempt(deps, attempt, {
    sessionToken: sessionTokenOf(attemptToken),
    from,
  });
}

/** Until somebody else may be done with what keeps an attempt from being completed. */
async function pause(
  { notifications }: LoginDependencies,
  { id }: LoginAttempt,
  { signal }: Pick<Poll, 'signal'>,
): Promise<void> {
  const listener = notifications.listen(id);
  await listener.wait(LEASED_WAIT_MS, signal);
  listener.close();
}

/** The session's own token, the same for every answer to the same browser: see `deriveToken`. */
function sessionTokenOf(attemptToken: string): string {
  return deriveToken(attemptToken, 'session');
}

/**
 * A cookie that was lost on the way can be had again, by the same browser, until the session is
 * used or a minute has passed.
 */
async function deliver(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  attemptToken: string,
): Promise<PollOutcome> {
  const sessionToken = sessionTokenOf(attemptToken);
  const found = await findSession(deps.store, hashToken(sessionToken));
  const isStillOwed =
    found !== null &&
    found.session.last_used_at === null &&
    deps.clock.now() - (attempt.ended_at ?? 0) <= REDELIVERY_MS;
  return { status: 'completed', sessionToken: isStillOwed ? sessionToken : null };
}
