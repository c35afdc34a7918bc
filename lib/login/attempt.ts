import 'server-only';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { liveStates } from '../store/attempts.ts';
import type { LoginAttempt } from '../store/schema.ts';

/** An attempt the vendor knows of: there is a number to call. */
export type CallableAttempt = LoginAttempt & { call_number: PhoneNumber };

/** Whether the vendor has answered for this attempt. */
export function isCallable(attempt: LoginAttempt): attempt is CallableAttempt {
  return attempt.call_number !== null;
}

/** Whether the vendor has not answered yet, so that there is no number to call. */
export function isAwaitingVendor(attempt: LoginAttempt): boolean {
  return attempt.state === 'pending' && !isCallable(attempt);
}

/** Whether a call can still lead to a login, if the attempt's time is not up. */
export function isLive({ state }: LoginAttempt): boolean {
  return liveStates.includes(state);
}

/** Whether the attempt's browser can be logged in by it at `now`. */
export function canComplete(attempt: LoginAttempt, now: number): boolean {
  return attempt.state === 'verified' && attempt.expires_at > now;
}
