import 'server-only';
import { hashToken } from '../crypto/token.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { findAttemptByHandoffToken } from '../store/attempts.ts';
import { isCallable } from './attempt.ts';
import type { LoginDependencies } from './dependencies.ts';

/** What the page on the phone may know of an attempt: nothing about whose it is. */
export type Handoff =
  | { status: 'open'; callNumber: PhoneNumber; device: string; expiresInMs: number }
  /** The call was seen. */
  | { status: 'verified' }
  | { status: 'over' };

/** How an attempt stands for the page on the phone, or null where the token opens none. Only reads. */
export async function readHandoff(
  deps: LoginDependencies,
  handoffToken: string,
): Promise<Handoff | null> {
  const attempt = await findAttemptByHandoffToken(deps.store, hashToken(handoffToken));
  if (attempt === null || !isCallable(attempt)) {
    return null;
  }
  const expiresInMs = attempt.expires_at - deps.clock.now();
  switch (attempt.state) {
    case 'pending':
      return expiresInMs > 0
        ? {
            status: 'open',
            callNumber: attempt.call_number,
            device: attempt.device ?? '',
            expiresInMs,
          }
        : { status: 'over' };
    case 'verified':
    case 'completed':
      return { status: 'verified' };
    default:
      return { status: 'over' };
  }
}
