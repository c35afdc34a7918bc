import 'server-only';
import { deriveToken, hashToken } from '../crypto/token.ts';
import type { AttemptSubscription } from '../notify/attempt-notifications.ts';
import type { AttemptEnd } from '../shared/attempt-states.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import { findAttemptById, findAttemptByToken } from '../store/attempts.ts';
import { confirmAttempt } from '../store/browsers.ts';
import { scheduleCheckForPerson } from '../store/checks.ts';
import type { ClientInfo, LoginAttempt } from '../store/schema.ts';
import { findSession } from '../store/sessions.ts';
import { canComplete } from './attempt.ts';
import { codeOfEnd } from './attempt-status.ts';
import { checkIfDue } from './check.ts';
import { completeAttempt } from './complete.ts';
import type { LoginDependencies } from './dependencies.ts';
import { PROMPTED_CHECK_MS, pollPauseMs } from './schedule.ts';
import type { LoginFailure } from './vendor-failure.ts';

/** One request for the outcome of an attempt. */
export interface Poll {
  /** How long to hold the request until something changes; 0 answers at once. */
  holdMs: number;
  /** The person says they have called, or is back from the dialler: the vendor is asked soon. */
  isPrompted: boolean;
  /** Aborted when nobody waits for the answer any more. */
  signal?: AbortSignal;
  /** The browser, to be kept with the session if this poll begins it. */
  from: ClientInfo;
}

export type PollOutcome =
  | { status: 'pending'; expiresInMs: number; pollAfterMs: number }
  /** The vendor did not answer; the attempt lives on. */
  | { status: 'trouble'; failure: LoginFailure }
  /** The token is null when the session was delivered and used already. */
  | { status: 'completed'; sessionToken: string | null }
  | { status: AttemptEnd; code: AttemptEndCode }
  /** No attempt has this token. */
  | { status: 'missing' };

/** How long a lost answer can be fetched again, unless the session was used. */
export const REDELIVERY_MS = 60_000;

/** Between two reads of an attempt that another request is working on. */
const MIN_WAIT_MS = 50;

/** The same while another request holds a lease and the vendor is to be asked again. */
const LEASED_WAIT_MS = 500;

/** How many polls of one attempt one process holds: more tabs than anybody has open, and no flood. */
export const MAX_HELD_POLLS = 200;

/**
 * Long-polls an attempt: returns when its state changes, when the vendor fails or recovers, or when
 * `holdMs` has passed. Asks the vendor whenever that is due, and completes the login once the call is
 * verified. Only the browser that started the attempt has `attemptToken`, so only it is logged in here.
 */
export async function pollAttempt(
  deps: LoginDependencies,
  attemptToken: string,
  poll: Poll,
): Promise<PollOutcome> {
  const { store, clock, notifications } = deps;
  const holdUntilMs = clock.elapsed() + poll.holdMs;
  const isAborted = () => poll.signal?.aborted === true || notifications.isClosed();
  const isHoldOver = () => holdUntilMs <= clock.elapsed() || isAborted();

  // Before each read, so that no change between the read and the subscription is missed.
  let since = notifications.version();
  let attempt: LoginAttempt | null = await openForPoll(deps, attemptToken, poll.isPrompted);
  if (attempt === null) {
    return { status: 'missing' };
  }
  const { id, check_failures: failuresAtFirst } = attempt;
  const readAgain = async () => {
    since = notifications.version();
    return await findAttemptById(store, id);
  };

  let subscription: AttemptSubscription | undefined;
  try {
    for (;;) {
      if (attempt === null) {
        return { status: 'missing' };
      }
      if (attempt.state === 'completed') {
        return await deliver(deps, attempt, attemptToken);
      }
      if (attempt.state !== 'pending' && attempt.state !== 'verified') {
        return { status: attempt.state, code: codeOfEnd(attempt, attempt.state) };
      }
      const step = await takeStep(deps, attempt, attemptToken, poll.from);
      if (step.next === 'return') {
        return step.outcome;
      }
      if (step.next === 'again') {
        attempt = step.attempt ?? (await readAgain());
        continue;
      }
      // A page that was told of trouble is told at once that it is over.
      const hasRecovered = failuresAtFirst > 0 && attempt.check_failures === 0;
      if (hasRecovered || isHoldOver()) {
        return pending(deps, attempt, poll);
      }
      if (subscription === undefined && notifications.subscriberCount(id) >= MAX_HELD_POLLS) {
        return pending(deps, attempt, poll);
      }
      subscription ??= notifications.subscribe(id, since);
      const waitMs = Math.min(holdUntilMs - clock.elapsed(), step.waitMs);
      const hasChanged = await subscription.wait(Math.max(MIN_WAIT_MS, waitMs), poll.signal);
      if (isAborted() || (!hasChanged && isHoldOver())) {
        // Most polls end so, thousands at once on shutdown: not worth another read.
        return pending(deps, attempt, poll);
      }
      attempt = await readAgain();
    }
  } finally {
    subscription?.close();
  }
}

/** The attempt of a poll; notes that its browser came back, and schedules a check if it asks for one. */
async function openForPoll(
  { store, clock }: LoginDependencies,
  attemptToken: string,
  isPrompted: boolean,
): Promise<LoginAttempt | null> {
  const attempt = await findAttemptByToken(store, hashToken(attemptToken));
  if (attempt?.confirmed_at === null) {
    await confirmAttempt(store, attempt.id, clock.now());
  }
  if (attempt === null || !isPrompted) {
    return attempt;
  }
  const checkAt = clock.now() + PROMPTED_CHECK_MS;
  return (await scheduleCheckForPerson(store, attempt.id, checkAt)) ?? attempt;
}

type Step =
  | { next: 'return'; outcome: PollOutcome }
  /** Something has changed: go on with this attempt, or read it again. */
  | { next: 'again'; attempt?: LoginAttempt }
  | { next: 'wait'; waitMs: number };

/** Does for a live attempt what can be done now: complete it, or ask the vendor about it. */
async function takeStep(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  attemptToken: string,
  from: ClientInfo,
): Promise<Step> {
  const now = deps.clock.now();
  if (canComplete(attempt, now)) {
    deps.callbackReach.note(attempt.called_back_at !== null);
    const sessionToken = sessionTokenOf(attemptToken);
    const completed = await completeAttempt(deps, attempt, { sessionToken, from });
    if (!completed.ok) {
      return { next: 'return', outcome: { status: 'trouble', failure: completed.error } };
    }
    switch (completed.value) {
      case 'completed':
        return { next: 'return', outcome: { status: 'completed', sessionToken } };
      case 'settled':
        return { next: 'again' };
      case 'not_yet':
        return { next: 'wait', waitMs: LEASED_WAIT_MS };
    }
  }
  const checked = await checkIfDue(deps, attempt);
  if (!checked.ok) {
    return { next: 'return', outcome: { status: 'trouble', failure: checked.error } };
  }
  if (checked.value !== 'not_due') {
    return checked.value === 'changed'
      ? { next: 'again' }
      : { next: 'again', attempt: checked.value };
  }
  return { next: 'wait', waitMs: Math.min(attempt.expires_at, nextStepAt(attempt, now)) - now };
}

/** When there is something to do for a live attempt, if no notification comes before. */
function nextStepAt(attempt: LoginAttempt, now: number): number {
  if (attempt.pauth_session_id === null || attempt.state === 'verified') {
    return now + MIN_WAIT_MS;
  }
  const { next_check_at: nextCheckAt, check_leased_until: leasedUntil } = attempt;
  // Whoever holds the lease releases it long before its end, and notifies nobody of "pending".
  return leasedUntil > now
    ? Math.min(leasedUntil, Math.max(nextCheckAt, now + LEASED_WAIT_MS))
    : nextCheckAt;
}

function pending(
  { clock, rules }: LoginDependencies,
  attempt: LoginAttempt,
  { holdMs, isPrompted }: Poll,
): PollOutcome {
  const now = clock.now();
  return {
    status: 'pending',
    expiresInMs: attempt.expires_at - now,
    // Who asks because they have called comes back for what the vendor says then.
    pollAfterMs: isPrompted
      ? Math.max(0, PROMPTED_CHECK_MS - holdMs)
      : pollPauseMs(now - attempt.created_at, holdMs, rules),
  };
}

/** The session's own token, the same for every answer to the same browser: see `deriveToken`. */
function sessionTokenOf(attemptToken: string): string {
  return deriveToken(attemptToken, 'session');
}

/** A completed attempt: the same browser gets its session again until that is used, or for a minute. */
async function deliver(
  { store, clock }: LoginDependencies,
  attempt: LoginAttempt,
  attemptToken: string,
): Promise<PollOutcome> {
  const sessionToken = sessionTokenOf(attemptToken);
  const found = await findSession(store, hashToken(sessionToken));
  const isUndelivered =
    found !== null &&
    found.session.last_used_at === null &&
    clock.now() - (attempt.ended_at ?? 0) <= REDELIVERY_MS;
  return { status: 'completed', sessionToken: isUndelivered ? sessionToken : null };
}
