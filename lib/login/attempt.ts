import 'server-only';
import type { PhoneNumber } from '../shared/phone-number.ts';
import type { LoginAttempt } from '../store/schema.ts';

/** An attempt with a number to call: the vendor has created its session. */
export type CallableAttempt = LoginAttempt & { call_number: PhoneNumber };

export function isCallable(attempt: LoginAttempt): attempt is CallableAttempt {
  return attempt.call_number !== null;
}
