import 'server-only';
import { hashToken } from '../crypto/token.ts';
import { traced } from '../observe/trace.ts';
import { findAttempt } from '../store/attempts.ts';
import { findAndConfirmAttempt } from '../store/browsers.ts';
import { isCheckDue, scheduleCheckForPerson } from '../store/checks.ts';
import type { ClientInfo, LoginAttempt } from '../store/schema.ts';
import { type AttemptEnding, endingOf } from './attempt-status.ts';
import { checkIfDue } from './check.ts';
import { completeAttempt } from './complete.ts';
import { isDeliverable, sessionTokenOf } from './deliver.ts';
import type { LoginDependencies } from './dependencies.ts';
import { HeldPoll } from './held-poll.ts';
import { PROMPTED_CHECK_MS, pollPauseMs } from './schedule.ts';
import type { VendorFailure } from './vendor-failure.ts';

/** One request for the outcome of an attempt. */
export interface Poll {
  /** How long to hold the request until something changes; 0 answers at once. */
  holdMs: number;
  /** The person says they have called, or is back from the dialler: the vendor is asked soon. */
  isPrompted: boolean;
  /** Stored with the session if this poll begins it; read only then. */
  client: { readonly info: ClientInfo };
}

export type PollOutcome =
  | { status: 'pending'; expiresInMs: number; pollAfterMs: number }
  /** The vendor did not answer; the attempt stays live. */
  | { status: 'trouble'; failure: VendorFailure }
  /** The token is null if the session can no longer be delivered: see `isDeliverable`. */
  | { status: 'completed'; sessionToken: string | null }
  | AttemptEnding
  /** No attempt has this token. */
  | { status: 'missing' };

/** The least time between two reads of an attempt. */
const MIN_WAIT_MS = 50;

/** The same while another request holds a lease. */
const LEASED_WAIT_MS = 500;

/** The most polls of one attempt that a process holds: more tabs than a person has open. */
export const MAX_HELD_POLLS = 200;

/**
 * Handles a poll when it arrives, and again after each wait (see `untilAnswered`). Asks the vendor if a check is due, and
 * completes the login once the call is verified. Only the browser that started the attempt has `attemptToken`, so only it is
 * logged in.
 *
 * @param held what this poll has waited for; null when it arrives.
 * @returns the outcome where the state of the attempt has changed, the vendor fails or has recovered, or `holdMs` has
 * passed; else what to wait for.
 */
export function pollAttempt(
  deps: LoginDependencies,
  attemptToken: string,
  poll: Poll,
  held: HeldPoll | null = null,
): Promise<PollOutcome | HeldPoll> {
  return traced(
    'attempt.poll',
    (about) => handlePoll(deps, attemptToken, poll, held, about),
    (outcome) => (outcome instanceof HeldPoll ? 'held' : outcome.status),
  );
}

async function handlePoll(
  deps: LoginDependencies,
  attemptToken: string,
  poll: Poll,
  held: HeldPoll | null,
  about: (attemptId: string) => void,
): Promise<PollOutcome | HeldPoll> {
  const { store, clock, notifications } = deps;
  const isAborted = held?.isAbandoned === true || notifications.isClosed();
  let hasChanged = held?.hasChanged === true;
  if (held !== null) {
    // A wait may end after both the hold and the time of a check, which is then made.
    const isOver = held.untilMs <= clock.elapsed() && !isCheckDue(held.attempt, clock.now());
    if (isAborted || (isOver && !hasChanged)) {
      // Most polls end here, thousands at once on shutdown, so the attempt is not read again.
      return pending(deps, held.attempt, poll);
    }
  }
  const untilMs = held?.untilMs ?? clock.elapsed() + poll.holdMs;

  // Before each read, so that no change between the read and the subscription is missed.
  let since = notifications.version();
  let attempt =
    held === null ? await openForPoll(deps, attemptToken, poll.isPrompted) : held.attempt;
  let mayBeOld = held !== null && !hasChanged;
  const readAgain = async (id: string) => {
    mayBeOld = false;
    hasChanged = false;
    since = notifications.version();
    return await findAttempt(store, 'id', id);
  };
  if (attempt !== null) {
    about(attempt.id);
    // Of many polls that are woken at once, each reads the attempt before it queues for the lock of its number. One whose
    // check is due reads it only if it does not get the lease.
    const isRead = hasChanged
      ? notifications.subscriberCount(attempt.id) > 1
      : mayBeOld && !isCheckDue(attempt, clock.now());
    attempt = isRead ? await readAgain(attempt.id) : attempt;
  }
  const failuresAtFirst = held?.failuresAtFirst ?? attempt?.check_failures ?? 0;

  while (attempt !== null) {
    if (attempt.state === 'completed') {
      return await deliver(deps, attempt, attemptToken);
    }
    if (attempt.state !== 'pending' && attempt.state !== 'verified') {
      return endingOf(deps, attempt, attempt.state);
    }
    const step = await takeStep(deps, attempt, attemptToken, poll, hasChanged);
    hasChanged = false;
    if (step.next === 'return') {
      return step.outcome;
    }
    if (step.next === 'again' || mayBeOld) {
      const read: LoginAttempt | undefined = step.next === 'again' ? step.attempt : undefined;
      mayBeOld = false;
      attempt = read ?? (await readAgain(attempt.id));
      continue;
    }
    // A page that shows that the vendor fails learns at once that it has recovered.
    const hasRecovered = failuresAtFirst > 0 && attempt.check_failures === 0;
    const isCrowded = held === null && notifications.subscriberCount(attempt.id) >= MAX_HELD_POLLS;
    if (hasRecovered || isCrowded || isAborted || untilMs <= clock.elapsed()) {
      return pending(deps, attempt, poll);
    }
    const known = { attempt, untilMs, failuresAtFirst };
    const waiting = held ?? new HeldPoll(notifications.subscribe(attempt.id, since), known);
    waiting.attempt = attempt;
    waiting.waitMs = Math.max(MIN_WAIT_MS, Math.min(untilMs - clock.elapsed(), step.waitMs));
    return waiting;
  }
  return { status: 'missing' };
}

/** Reads the attempt, records that its browser has presented the cookie, schedules a check if prompted. */
async function openForPoll(
  { store, clock }: LoginDependencies,
  attemptToken: string,
  isPrompted: boolean,
): Promise<LoginAttempt | null> {
  const attempt = await findAndConfirmAttempt(store, hashToken(attemptToken), clock.now());
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

/**
 * Completes a verified attempt, or asks the vendor about another live one if a check is due.
 *
 * @param hasChanged since it was read. As a rule it is verified then, so it is read again while it is completed.
 */
async function takeStep(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  attemptToken: string,
  poll: Poll,
  hasChanged: boolean,
): Promise<Step> {
  const now = deps.clock.now();
  if (hasChanged || (attempt.state === 'verified' && attempt.expires_at > now)) {
    const sessionToken = sessionTokenOf(attemptToken);
    const completed = await completeAttempt(deps, attempt, {
      sessionToken,
      client: poll.client.info,
    });
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
      default:
        return { next: 'again', attempt: completed.value };
    }
  }
  const checked = await checkIfDue(deps, attempt);
  if (!checked.ok) {
    return { next: 'return', outcome: { status: 'trouble', failure: checked.error } };
  }
  switch (checked.value) {
    case 'not_due':
      return { next: 'wait', waitMs: Math.min(attempt.expires_at, nextStepAt(attempt, now)) - now };
    case 'changed':
      return { next: 'again' };
    default:
      return { next: 'again', attempt: checked.value };
  }
}

/** When a live attempt needs the next step, if no notification comes before. */
function nextStepAt(attempt: LoginAttempt, now: number): number {
  if (attempt.pauth_session_id === null || attempt.state === 'verified') {
    return now + MIN_WAIT_MS;
  }
  const { next_check_at: nextCheckAt, check_leased_until: leasedUntil } = attempt;
  // A lease is usually released long before it expires, without a notification if the attempt is still pending.
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
    // After a prompt, the browser polls again when the vendor has been asked.
    pollAfterMs: isPrompted
      ? Math.max(0, PROMPTED_CHECK_MS - holdMs)
      : pollPauseMs(now - attempt.created_at, holdMs, rules),
  };
}

/** Delivers the session of a completed attempt again, while that is possible. */
async function deliver(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  attemptToken: string,
): Promise<PollOutcome> {
  const isLost = !(await isDeliverable(deps, attempt, attemptToken));
  return { status: 'completed', sessionToken: isLost ? null : sessionTokenOf(attemptToken) };
}
