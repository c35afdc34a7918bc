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

/** What an attempt looks like to the browser that holds it, before anybody asks the vendor. */
export type AttemptStatus =
  /** Live, or over with a login that the next poll delivers. */
  | { status: 'open'; attempt: CallableAttempt }
  | { status: AttemptEnd; code: AttemptEndCode; attempt: LoginAttempt };

/**
 * How an attempt stands, or null where the token opens none. Changes nothing of it, polling does; but
 * whoever looks has its cookie, which is noted: without scripts no poll may come before the call.
 */
export async function readAttemptStatus(
  deps: LoginDependencies,
  attemptToken: string,
): Promise<AttemptStatus | null> {
  const attempt = await findAttemptByToken(deps.store, hashToken(attemptToken));
  if (attempt === null || !isCallable(attempt)) {
    return null;
  }
  if (attempt.confirmed_at === null) {
    await confirmAttempt(deps.store, attempt.id, deps.clock.now()).catch(unlessUnwritable);
  }
  switch (attempt.state) {
    case 'completed':
      return { status: 'open', attempt };
    case 'pending':
    case 'verified':
      return attempt.expires_at > deps.clock.now()
        ? { status: 'open', attempt }
        : { status: 'expired', code: 'attempt_expired', attempt };
    default:
      return { status: attempt.state, code: codeOfEnd(attempt, attempt.state), attempt };
  }
}

/** A database that only reads lets nobody in, but who has been given a number to call may go on seeing it. */
function unlessUnwritable(error: unknown): void {
  if (!isUnwritable(error)) {
    throw error;
  }
}

/** The code that says how an attempt ended. */
export function codeOfEnd(attempt: LoginAttempt, state: AttemptEnd): AttemptEndCode {
  return attempt.failure ?? `attempt_${state}`;
}
