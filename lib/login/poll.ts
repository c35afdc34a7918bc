import 'server-only';
import type { AttemptEnd } from '../shared/attempt-ends.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import { findAttemptById } from '../store/attempts.ts';
import type { LoginAttempt, Whereabouts } from '../store/schema.ts';
import { findSession } from '../store/sessions.ts';
import { deriveToken, hashToken } from '../token.ts';
import { canComplete, isLive } from './attempt.ts';
import { completeAttempt } from './complete.ts';
import type { LoginFailure } from './failures.ts';
import { codeOfEnd } from './look.ts';
import { PROMPTED_CHECK_MS, pollPauseMs } from './pace.ts';
import { type LoginParts, REDELIVERY_MS } from './parts.ts';
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
  from: Whereabouts;
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
  parts: LoginParts,
  attemptToken: string,
  poll: Poll,
): Promise<PollOutcome> {
  const { news: first, holdUntilMs } = poll.waited ?? (await awaitNews(parts, attemptToken, poll));
  for (let news = first; ; ) {
    if (!news.ok) {
      return { status: 'trouble', failure: news.error };
    }
    const attempt = news.value;
    if (attempt === null) {
      return { status: 'missing' };
    }
    if (attempt.state === 'completed') {
      return await deliver(parts, attempt, attemptToken);
    }
    if (attempt.state !== 'pending' && attempt.state !== 'verified') {
      return { status: attempt.state, code: codeOfEnd(attempt, attempt.state) };
    }
    if (!canComplete(attempt, parts.clock.now())) {
      return pending(parts, attempt, poll);
    }
    const completed = await complete(parts, attempt, attemptToken, poll);
    if (!completed.ok) {
      return { status: 'trouble', failure: completed.error };
    }
    if (completed.value === 'logged_in') {
      return { status: 'completed', sessionToken: sessionTokenOf(attemptToken) };
    }
    if (completed.value === 'not_yet') {
      if (isWaitOver(parts, holdUntilMs, poll.signal)) {
        return pending(parts, attempt, poll);
      }
      await pause(parts, attempt, poll);
    }
    const since = parts.wakeUps.moment();
    const now = await findAttemptById(parts.store, attempt.id);
    news = await awaitChange(parts, { attempt: now, since }, holdUntilMs, poll.signal);
  }
}

/** What a wait came to if it was for nothing: the call has not come. Null where there is more to do. */
export function pendingAfter(
  parts: LoginParts,
  { news }: Waited,
  how: Pick<Poll, 'holdMs' | 'isPrompted'>,
): PendingOutcome | null {
  const attempt = news.ok ? news.value : null;
  return attempt === null || !isLive(attempt) || canComplete(attempt, parts.clock.now())
    ? null
    : pending(parts, attempt, how);
}

function pending(
  { clock, rules }: LoginParts,
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
  parts: LoginParts,
  attempt: LoginAttempt,
  attemptToken: string,
  { from }: Pick<Poll, 'from'>,
): ReturnType<typeof completeAttempt> {
  parts.callbackReach.note(attempt.called_back_at !== null);
  return await completeAttempt(parts, attempt, {
    sessionToken: sessionTokenOf(attemptToken),
    from,
  });
}

/** Until somebody else may be done with what keeps an attempt from being completed. */
async function pause(
  { wakeUps }: LoginParts,
  { id }: LoginAttempt,
  { signal }: Pick<Poll, 'signal'>,
): Promise<void> {
  const listener = wakeUps.listen(id);
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
  parts: LoginParts,
  attempt: LoginAttempt,
  attemptToken: string,
): Promise<PollOutcome> {
  const sessionToken = sessionTokenOf(attemptToken);
  const found = await findSession(parts.store, hashToken(sessionToken));
  const isStillOwed =
    found !== null &&
    found.session.last_used_at === null &&
    parts.clock.now() - (attempt.ended_at ?? 0) <= REDELIVERY_MS;
  return { status: 'completed', sessionToken: isStillOwed ? sessionToken : null };
}
