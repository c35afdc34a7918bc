import 'server-only';
import { hashToken } from '../crypto/token.ts';
import { findAttemptByCallbackToken } from '../store/attempts.ts';
import { scheduleCheckForCallback } from '../store/checks.ts';
import type { LoginAttempt } from '../store/schema.ts';
import { checkIfDue } from './check.ts';
import type { LoginDependencies } from './dependencies.ts';

/** How often callbacks of one attempt can cause a check, after the first of them. */
const CALLBACK_INTERVAL_MS = 2_000;

/**
 * Handles a callback: the hint that something happened to an attempt. Asks the vendor, soon and at
 * most once per hint. Nothing in the callback is believed; an unknown token costs no vendor request.
 */
export async function handleCallback(
  deps: LoginDependencies,
  callbackToken: string,
): Promise<void> {
  const attempt = await findAttemptByCallbackToken(deps.store, hashToken(callbackToken));
  if (attempt === null) {
    return;
  }
  if (attempt.state !== 'pending') {
    // It was slower than the check that found the same.
    if (attempt.state === 'verified' || attempt.state === 'completed') {
      deps.callbackReach.note(true);
    }
    return;
  }
  const now = deps.clock.now();
  const calledBackAt = attempt.called_back_at;
  const isFailing = attempt.check_failures > 0;
  const isComing =
    calledBackAt !== null &&
    calledBackAt > now &&
    (isFailing || calledBackAt <= now + CALLBACK_INTERVAL_MS);
  if (isComing) {
    // An earlier callback has scheduled the next check.
    return;
  }
  // In a back-off the callback is noted, and the check stays where it is scheduled.
  const checkAt = isFailing ? Math.max(now, attempt.next_check_at) : earliestCheck(attempt, now);
  const scheduled = await scheduleCheckForCallback(deps.store, attempt, { now, checkAt });
  if (scheduled === null) {
    return;
  }
  const checked = await checkIfDue(deps, scheduled);
  if (!checked.ok || checked.value === 'not_due') {
    // Held polls have planned the next check for later.
    deps.notifications.notify(attempt.id);
  }
}

/** The first callback causes a check at once; a flood of them one every two seconds. */
function earliestCheck(attempt: LoginAttempt, now: number): number {
  // A time in the future is from before the clock was set back.
  return attempt.called_back_at === null || attempt.called_back_at > now
    ? now
    : Math.max(now, attempt.called_back_at + CALLBACK_INTERVAL_MS);
}
