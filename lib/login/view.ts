import 'server-only';
import { type CountryCode, formatPhoneNumber } from '../phone-number.ts';
import type { AttemptView } from '../shared/contract.ts';
import type { LoginParts } from './parts.ts';
import type { CallableAttempt } from './start.ts';

/** What a browser may see of its own attempt. */
export function viewAttempt(
  parts: LoginParts,
  attempt: CallableAttempt,
  country: CountryCode,
): AttemptView {
  const leftMs = Math.max(0, attempt.expires_at - parts.clock.now());
  return {
    session_id: attempt.id,
    call_number: attempt.call_number,
    call_number_text: formatPhoneNumber(attempt.call_number, country),
    phone_number_text: formatPhoneNumber(attempt.phone_number, country),
    expires_in_seconds: Math.ceil(leftMs / 1_000),
  };
}
