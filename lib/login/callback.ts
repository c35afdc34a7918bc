import 'server-only';
import { hashToken } from '../crypto/token.ts';
import { findAttemptByCallbackToken } from '../store/attempts.ts';
import { scheduleCheckForCallback } from '../store/checks.ts';
import type { LoginAttempt } from '../store/schema.ts';
import { checkIfDue } from './check.ts';
import { CALLBACK_INTERVAL_MS, type LoginDependencies } from './dependencies.ts';

/**
 * Takes the vendor's hint that something happened to an attempt: asks the vendor, soon and at most
 * once per hint. Nothing the hint says is believed; a token nobody was given costs no request.
 */
export async function takeCallback(deps: LoginDependencies, callbackToken: string): Promise<void> {
  const attempt = await findAttemptByCallbackToken(deps.store, hashToken(callbackToken));
  if (attempt === null) {
    return;
  }
  if (attempt.state !== 'pending') {
    // It was only slower than the check that found the same.
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
    // An earlier hint has the next check coming.
    return;
  }
  // While the vendor asks to be left alone its hint is noted, and the check comes when it was to come.
  const checkAt = isFailing ? Math.max(now, attempt.next_check_at) : earliestCheck(attempt, now);
  const scheduled = await scheduleCheckForCallback(deps.store, attempt, { now, checkAt });
  if (scheduled === null) {
    return;
  }
  const checked = await checkIfDue(deps, scheduled);
  if (!checked.ok || checked.value === 'not_due') {
    // Whoever waits has the next check later in mind.
    deps.notifications.wake(attempt.id);
  }
}

/** The first callback has the vendor asked at once; a flood of them only every two seconds. */
function earliestCheck(attempt: LoginAttempt, now: number): number {
  // One from the future is from before the clock was set back.
  return attempt.called_back_at === null || attempt.called_back_at > now
    ? now
    : Math.max(now, attempt.called_back_at + CALLBACK_INTERVAL_MS);
}
