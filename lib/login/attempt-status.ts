import 'server-only';
import { hashToken } from '../crypto/token.ts';
import type { AttemptEnd } from '../shared/attempt-states.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import { findAttempt } from '../store/attempts.ts';
import { confirmAttempt } from '../store/browsers.ts';
import { ignoreUnwritable } from '../store/failure.ts';
import type { LoginAttempt } from '../store/schema.ts';
import { type CallableAttempt, isCallable } from './attempt.ts';
import type { LoginDependencies } from './dependencies.ts';

export type AttemptStatus =
  /** Live, or completed with a session that the next poll delivers. */
  | { status: 'open'; attempt: CallableAttempt }
  | { status: AttemptEnd; code: AttemptEndCode; attempt: LoginAttempt };

/**
 * Reads the status of an attempt without asking the vendor, and records that the browser has presented its
 * cookie: without scripts no poll may come before the call.
 *
 * @returns null if the token has no attempt with a number to call.
 */
export async function readAttemptStatus(
  { store, clock }: LoginDependencies,
  attemptToken: string,
): Promise<AttemptStatus | null> {
  const attempt = await findAttempt(store, 'token_hash', hashToken(attemptToken));
  if (attempt === null || !isCallable(attempt)) {
    return null;
  }
  if (attempt.confirmed_at === null) {
    // On a read-only database nobody is logged in, but the number to call is still shown.
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

/** The code for the reason of an attempt's end. */
export function codeOfEnd(attempt: LoginAttempt, state: AttemptEnd): AttemptEndCode {
  return attempt.failure ?? `attempt_${state}`;
}
