import 'server-only';
import { type Result, succeed } from '../result.ts';
import type { AttemptEnd } from '../shared/attempt-ends.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import { bringCheckForward, findAttemptById, findAttemptByToken } from '../store/attempts.ts';
import { confirmAttempt } from '../store/browsers.ts';
import type { LoginAttempt, Whereabouts } from '../store/schema.ts';
import { findSession } from '../store/sessions.ts';
import { deriveToken, hashToken } from '../token.ts';
import type { WakeUpListener } from '../wake-ups.ts';
import { checkIfDue } from './check.ts';
import { completeAttempt } from './complete.ts';
import type { LoginFailure } from './failures.ts';
import { codeOfEnd } from './look.ts';
import { PROMPTED_CHECK_MS, pollIntervalMs } from './pace.ts';
import { type LoginParts, REDELIVERY_MS } from './parts.ts';

export type PollOutcome =
  | { status: 'pending'; expiresInMs: number; pollAfterMs: number }
  /** The vendor did not answer; the attempt lives on. */
  | { status: 'trouble'; failure: LoginFailure }
  /** Logged in. The token is null when the session has been delivered and used already. */
  | { status: 'completed'; sessionToken: string | null }
  | { status: AttemptEnd; code: AttemptEndCode }
  /** No attempt has this token. */
  | { status: 'missing' };

/** One request for the outcome of an attempt. */
export interface Poll {
  /** How long to wait for something to change; 0 answers at once. */
  holdMs: number;
  /** What the browser is and where, to be kept with the session if this poll begins it. */
  from: Whereabouts;
  /** The person says they have called, or is back from the dialler: the vendor is asked soon. */
  isPrompted: boolean;
  /** Aborted when nobody waits for the answer any more. */
  signal?: AbortSignal;
}

/**
 * What became of an attempt: asks the vendor where that is due, completes the login where the call
 * has come, and otherwise waits up to `holdMs` for something to change.
 *
 * Only the browser that started the attempt has `attemptToken`, so only it can be logged in here.
 */
export async function pollAttempt(
  parts: LoginParts,
  attemptToken: string,
  poll: Poll,
): Promise<PollOutcome> {
  const first = await findAttemptByToken(parts.store, hashToken(attemptToken));
  if (first === null) {
    return { status: 'missing' };
  }
  if (first.confirmed_at === null) {
    await confirmAttempt(parts.store, first.id, parts.clock.now());
  }
  if (poll.isPrompted) {
    await bringCheckForward(parts.store, first.id, parts.clock.now() + PROMPTED_CHECK_MS);
  }
  const holdUntilMs = parts.clock.elapsed() + poll.holdMs;
  let attempt: LoginAttempt | null = first;
  let listener: WakeUpListener | undefined;
  try {
    for (; ; attempt = await findAttemptById(parts.store, first.id)) {
      if (attempt === null) {
        return { status: 'missing' };
      }
      if (attempt.state === 'completed') {
        return await deliver(parts, attempt, attemptToken);
      }
      if (attempt.state !== 'pending' && attempt.state !== 'verified') {
        return { status: attempt.state, code: codeOfEnd(attempt, attempt.state) };
      }
      const advanced = await advance(parts, attempt, attemptToken, poll);
      if (!advanced.ok) {
        return { status: 'trouble', failure: advanced.error };
      }
      if (advanced.value) {
        continue;
      }
      const now = parts.clock.now();
      // A page that has been told of trouble is told at once that it is over.
      const hasRecovered = first.check_failures > 0 && attempt.check_failures === 0;
      const isToEnd = poll.signal?.aborted || parts.wakeUps.isClosed();
      const holdMs = holdUntilMs - parts.clock.elapsed();
      if (holdMs <= 0 || hasRecovered || isToEnd) {
        return {
          status: 'pending',
          expiresInMs: attempt.expires_at - now,
          pollAfterMs: poll.holdMs > 0 ? 0 : pollIntervalMs(now - attempt.created_at),
        };
      }
      if (listener === undefined) {
        // Before the look that decides to wait, so that nothing changes unheard after it.
        listener = parts.wakeUps.listen(first.id);
        continue;
      }
      const waitMs = Math.min(holdMs, Math.min(attempt.expires_at, nextStepAt(attempt, now)) - now);
      await listener.wait(Math.max(SHORTEST_WAIT_MS, waitMs), poll.signal);
    }
  } finally {
    listener?.close();
  }
}

/** Between two looks at an attempt that somebody else is working on. */
const SHORTEST_WAIT_MS = 50;

/** When there is something to do for a pending attempt, if nothing wakes us before. */
function nextStepAt(attempt: LoginAttempt, now: number): number {
  return attempt.pauth_session_id === null || attempt.state === 'verified'
    ? now + SHORTEST_WAIT_MS
    : Math.max(attempt.next_check_at, attempt.check_leased_until);
}

/**
 * Does the one thing that is due for a live attempt.
 *
 * @returns false when there is nothing to do but wait; or why the vendor did not answer.
 */
async function advance(
  parts: LoginParts,
  attempt: LoginAttempt,
  attemptToken: string,
  poll: Pick<Poll, 'from'>,
): Promise<Result<boolean, LoginFailure>> {
  if (attempt.state === 'verified' && attempt.expires_at > parts.clock.now()) {
    parts.callbackReach.note(attempt.called_back_at !== null);
    const sessionToken = sessionTokenOf(attemptToken);
    const completed = await completeAttempt(parts, attempt, { sessionToken, from: poll.from });
    return completed.ok ? succeed(completed.value === 'settled') : completed;
  }
  const checked = await checkIfDue(parts, attempt);
  return checked.ok ? succeed(checked.value === 'checked') : checked;
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
