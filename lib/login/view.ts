import 'server-only';
import {
  type CountryCode,
  formatForCaller,
  formatPhoneNumber,
  maskPhoneNumber,
  withCallerId,
} from '../phone/phone-number.ts';
import type { AttemptView } from '../shared/contract.ts';
import type { NumberMemory } from '../shared/number-memory.ts';
import type { StartedAttempt } from './browsers.ts';
import type { LoginDependencies } from './dependencies.ts';
import { handoffTokenOf } from './handoff.ts';
import { drawQr } from './qr.ts';

/**
 * What a browser may see of its own attempt. A remembered number is masked: the person at the browser may
 * not be its owner.
 */
export function viewAttempt(
  deps: LoginDependencies,
  { attempt, attemptToken }: Pick<StartedAttempt, 'attempt' | 'attemptToken'>,
  { country, memory }: { country: CountryCode; memory: NumberMemory },
): AttemptView {
  const leftMs = Math.max(0, attempt.expires_at - deps.clock.now());
  const format = memory === 'remembered' ? maskPhoneNumber : formatPhoneNumber;
  const address = new URL(handoffTokenOf(attemptToken), deps.rules.handoffBase).href;
  return {
    session_id: attempt.id,
    call_number: attempt.call_number,
    call_number_text: formatForCaller(attempt.call_number, attempt.phone_number),
    call_number_with_caller_id: withCallerId(attempt.call_number, attempt.phone_number),
    phone_number_text: format(attempt.phone_number, country),
    number_memory: memory,
    expires_in_seconds: Math.ceil(leftMs / 1_000),
    handoff: { address, qr: drawQr(address) },
  };
}
