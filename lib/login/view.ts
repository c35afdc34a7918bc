import 'server-only';
import { type CountryCode, formatPhoneNumber, maskPhoneNumber } from '../phone/phone-number.ts';
import type { AttemptView } from '../shared/contract.ts';
import type { NumberMemory } from '../shared/number-memory.ts';
import type { LoginDependencies } from './dependencies.ts';
import { handoffTokenOf } from './handoff-token.ts';
import { drawQr } from './qr.ts';
import type { StartedAttempt } from './start.ts';

/**
 * What a browser may see of its own attempt.
 *
 * @param site.memory for a remembered number: whoever sits there now may not be its owner, so it
 * is shown masked.
 */
export function viewAttempt(
  deps: LoginDependencies,
  { attempt, attemptToken }: Pick<StartedAttempt, 'attempt' | 'attemptToken'>,
  site: { country: CountryCode; memory: NumberMemory },
): AttemptView {
  const { country, memory } = site;
  const leftMs = Math.max(0, attempt.expires_at - deps.clock.now());
  const write = memory === 'remembered' ? maskPhoneNumber : formatPhoneNumber;
  const address = new URL(handoffTokenOf(attemptToken), deps.rules.handoffBase).href;
  return {
    session_id: attempt.id,
    call_number: attempt.call_number,
    call_number_text: formatPhoneNumber(attempt.call_number, country),
    phone_number_text: write(attempt.phone_number, country),
    number_memory: memory,
    expires_in_seconds: Math.ceil(leftMs / 1_000),
    handoff: { address, qr: drawQr(address) },
  };
}
