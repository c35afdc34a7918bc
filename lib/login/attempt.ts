import 'server-only';
import { liveStates } from '../shared/attempt-states.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import type { LoginAttempt } from '../store/schema.ts';

/** An attempt with a number to call: the vendor has made its session. */
export type CallableAttempt = LoginAttempt & { call_number: PhoneNumber };

/** Whether the vendor has answered the start of this attempt. */
export function isCallable(attempt: LoginAttempt): attempt is CallableAttempt {
  return attempt.call_number !== null;
}

/** Whether the vendor has not answered yet, so that there is no number to call. */
export function isAwaitingVendor(attempt: LoginAttempt): boolean {
  return attempt.state === 'pending' && !isCallable(attempt);
}

/** What a start may take besides the vendor request, on a slow machine. */
const START_MARGIN_MS = 5_000;

/** Whether the process that started the attempt must have died before the vendor answered it. */
export function isAbandoned(attempt: LoginAttempt, pauthTimeoutMs: number, now: number): boolean {
  const maxMs = pauthTimeoutMs * 2 + START_MARGIN_MS;
  return isAwaitingVendor(attempt) && now - attempt.created_at > maxMs;
}

/** Whether a call can still lead to a login, if the attempt's time is not up. */
export function isLive({ state }: LoginAttempt): boolean {
  return liveStates.some((live) => live === state);
}

/** Whether the attempt can log its browser in at `now`. */
export function canComplete(attempt: LoginAttempt, now: number): boolean {
  return attempt.state === 'verified' && attempt.expires_at > now;
}
