import 'server-only';
import { hashToken } from '../crypto/token.ts';
import { type CallbackResult, measure } from '../observe/metrics.ts';
import { traced } from '../observe/trace.ts';
import { findAttempt } from '../store/attempts.ts';
import { scheduleCheckForCallback } from '../store/checks.ts';
import type { LoginAttempt } from '../store/schema.ts';
import { type Checked, checkAtFirstCallback, checkIfDue } from './check.ts';
import type { LoginDependencies } from './dependencies.ts';

/** The least time between two checks that callbacks of one attempt cause. */
const CALLBACK_INTERVAL_MS = 2_000;

/**
 * Handles a callback. Its content is not trusted: it only schedules a check of the attempt, at most one per
 * callback. An unknown token costs no vendor request.
 */
export async function handleCallback(
  deps: LoginDependencies,
  callbackToken: string,
): Promise<void> {
  let result: CallbackResult = 'failed';
  try {
    result = await traced(
      'attempt.callback',
      async (about) => await followUp(deps, callbackToken, about),
      (result) => result,
    );
  } finally {
    measure('call_login_callbacks_total', 1, { result });
  }
}

async function followUp(
  deps: LoginDependencies,
  callbackToken: string,
  about: (attemptId: string) => void,
): Promise<CallbackResult> {
  const tokenHash = hashToken(callbackToken);
  const first = await checkAtFirstCallback(deps, tokenHash);
  if (first !== null) {
    about(first.attempt.id);
    return resultOf(deps, first.attempt, first.checked);
  }
  const attempt = await findAttempt(deps.store, 'callback_token_hash', tokenHash);
  if (attempt !== null) {
    about(attempt.id);
  }
  if (attempt?.state === 'verified' || attempt?.state === 'completed') {
    // A check found the call before this callback came.
    deps.callbackReach.note(true);
    return 'late';
  }
  if (attempt?.state !== 'pending') {
    return attempt === null ? 'unknown' : 'ended';
  }
  const now = deps.clock.now();
  const calledBackAt = attempt.called_back_at;
  const isFailing = attempt.check_failures > 0;
  const isScheduled =
    calledBackAt !== null &&
    calledBackAt > now &&
    (isFailing || calledBackAt <= now + CALLBACK_INTERVAL_MS);
  if (isScheduled) {
    return 'repeated';
  }
  // While checks back off after failures, a callback is recorded but schedules no earlier one.
  const checkAt = isFailing ? Math.max(now, attempt.next_check_at) : earliestCheck(attempt, now);
  const scheduled = await scheduleCheckForCallback(deps.store, attempt, { now, checkAt });
  if (scheduled === null) {
    return 'repeated';
  }
  return resultOf(deps, attempt, await checkIfDue(deps, scheduled));
}

function resultOf(
  { notifications }: LoginDependencies,
  { id }: LoginAttempt,
  checked: Checked,
): CallbackResult {
  if (!checked.ok || checked.value === 'not_due') {
    // Held polls wait for a later check.
    notifications.notify(id);
    return 'deferred';
  }
  return 'checked';
}

function earliestCheck(attempt: LoginAttempt, now: number): number {
  // A time in the future stems from before the clock was set back.
  return attempt.called_back_at === null || attempt.called_back_at > now
    ? now
    : Math.max(now, attempt.called_back_at + CALLBACK_INTERVAL_MS);
}
