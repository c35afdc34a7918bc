import 'server-only';
import { hashToken } from '../crypto/token.ts';
import type { AttemptEnd } from '../shared/attempt-states.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import { findAttemptByToken } from '../store/attempts.ts';
import { confirmAttempt } from '../store/browsers.ts';
import { isUnwritable } from '../store/failure.ts';
import type { LoginAttempt } from '../store/schema.ts';
import { type CallableAttempt, isCallable } from './attempt.ts';
import type { LoginDependencies } from './dependencies.ts';

/** An attempt as its browser sees it, without asking the vendor. */
export type AttemptStatus =
  /** Live, or completed with a session that the next poll delivers. */
  | { status: 'open'; attempt: CallableAttempt }
  | { status: AttemptEnd; code: AttemptEndCode; attempt: LoginAttempt };

/**
 * Reads the status of the attempt that a token opens, or null if it opens none. Changes no state, but
 * notes that the browser came back with the cookie: without scripts no poll may come before the call.
 */
export async function readAttemptStatus(
  { store, clock }: LoginDependencies,
  attemptToken: string,
): Promise<AttemptStatus | null> {
  const attempt = await findAttemptByToken(store, hashToken(attemptToken));
  if (attempt === null || !isCallable(attempt)) {
    return null;
  }
  if (attempt.confirmed_at === null) {
    await confirmAttempt(store, attempt.id, clock.now()).catch(ignoreUnwritable);
  }
  switch (attempt.state) {
    case 'completed':
      return { status: 'open', attempt };
    case 'pending':
    case 'verified':
      return attempt.expires_at > clock.now()
        ? { status: 'open', attempt }
        : { status: 'expired', code: 'attempt_expired', attempt };
    default:
      return { status: attempt.state, code: codeOfEnd(attempt, attempt.state), attempt };
  }
}

/** A read-only database logs nobody in, but who has a number to call may go on seeing it. */
function ignoreUnwritable(error: unknown): void {
  if (!isUnwritable(error)) {
    throw error;
  }
}

/** The code that says how an attempt ended. */
export function codeOfEnd(attempt: LoginAttempt, state: AttemptEnd): AttemptEndCode {
  return attempt.failure ?? `attempt_${state}`;
}
