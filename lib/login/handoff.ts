import 'server-only';
import { deriveToken, hashToken } from '../crypto/token.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { findAttemptByHandoffToken } from '../store/attempts.ts';
import { isCallable } from './attempt.ts';
import type { LoginDependencies } from './dependencies.ts';

/** What the page on the phone may know of an attempt: nothing about whose it is. */
export type Handoff =
  | { status: 'open'; callNumber: PhoneNumber; device: string; expiresInMs: number }
  | { status: 'verified' }
  | { status: 'over' };

/**
 * The token in the QR code. It reads the number to call, the device and the time left while the
 * attempt lives; derived one way, it leads neither to the attempt's own token nor to a session.
 */
export function handoffTokenOf(attemptToken: string): string {
  return deriveToken(attemptToken, 'handoff');
}

/** Reads an attempt for the page on the phone, or null if the token opens none. */
export async function readHandoff(
  { store, clock }: LoginDependencies,
  handoffToken: string,
): Promise<Handoff | null> {
  const attempt = await findAttemptByHandoffToken(store, hashToken(handoffToken));
  if (attempt === null || !isCallable(attempt)) {
    return null;
  }
  const { call_number: callNumber, device } = attempt;
  const expiresInMs = attempt.expires_at - clock.now();
  switch (attempt.state) {
    case 'pending':
      return expiresInMs > 0
        ? { status: 'open', callNumber, device: device ?? '', expiresInMs }
        : { status: 'over' };
    case 'verified':
    case 'completed':
      return { status: 'verified' };
    default:
      return { status: 'over' };
  }
}
