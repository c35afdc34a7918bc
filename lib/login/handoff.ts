import 'server-only';
import { deriveToken, hashToken } from '../crypto/token.ts';
import { formatForCaller } from '../phone/phone-number.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { findAttempt } from '../store/attempts.ts';
import { isCallable } from './attempt.ts';
import type { LoginDependencies } from './dependencies.ts';

/** An attempt as the page on the phone shows it, without the phone number or the user. */
export type Handoff =
  | {
      status: 'open';
      callNumber: PhoneNumber;
      /** As the person who types the number can dial it. */
      callNumberText: string;
      device: string;
      expiresInMs: number;
    }
  | { status: 'verified' }
  | { status: 'over' };

/**
 * The token in the QR code, which gives access to the `Handoff` alone. It is derived from the attempt's own
 * token, which cannot be computed from it.
 */
export function handoffTokenOf(attemptToken: string): string {
  return deriveToken(attemptToken, 'handoff');
}

/** Reads an attempt for the page on the phone; null if the token has none with a number to call. */
export async function readHandoff(
  { store, clock }: LoginDependencies,
  handoffToken: string,
): Promise<Handoff | null> {
  const attempt = await findAttempt(store, 'handoff_hash', hashToken(handoffToken));
  if (attempt === null || !isCallable(attempt)) {
    return null;
  }
  const { state, call_number: callNumber, device } = attempt;
  const expiresInMs = attempt.expires_at - clock.now();
  if (state === 'verified' || state === 'completed') {
    return { status: 'verified' };
  }
  return state === 'pending' && expiresInMs > 0
    ? {
        status: 'open',
        callNumber,
        callNumberText: formatForCaller(callNumber, attempt.phone_number),
        device: device ?? '',
        expiresInMs,
      }
    : { status: 'over' };
}
