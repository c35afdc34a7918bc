import 'server-only';
import { hashToken } from '../crypto/token.ts';
import type { AttemptEnd } from '../shared/attempt-states.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import { findAttempt } from '../store/attempts.ts';
import { confirmAttempt } from '../store/browsers.ts';
import { ignoreUnwritable } from '../store/failure.ts';
import type { LoginAttempt } from '../store/schema.ts';
import { type CallableAttempt, isCallable } from './attempt.ts';
import { isDeliverable } from './deliver.ts';
import type { LoginDependencies } from './dependencies.ts';

export type AttemptStatus =
  /** Live, or completed with a session that the next poll delivers. */
  { status: 'open'; attempt: CallableAttempt } | (AttemptEnding & { attempt: CallableAttempt });

/** How an attempt ended without a login. */
export interface AttemptEnding {
  status: AttemptEnd;
  code: AttemptEndCode;
  /** After a contest: when an attempt that starts again has no rival left, in whole minutes. */
  retryAfterSeconds?: number;
}

/**
 * Reads the status of an attempt without asking the vendor, and records that the browser has presented its
 * cookie: without scripts no poll may come before the call.
 *
 * @returns null if the token has no attempt with a number to call, or one whose login is over.
 */
export async function readAttemptStatus(
  deps: LoginDependencies,
  attemptToken: string,
): Promise<AttemptStatus | null> {
  const { store, clock } = deps;
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
      return (await isDeliverable(deps, attempt, attemptToken))
        ? { status: 'open', attempt }
        : null;
    case 'pending':
    case 'verified':
      return attempt.expires_at > clock.now()
        ? { status: 'open', attempt }
        : { status: 'expired', code: 'attempt_expired', attempt };
    default:
      return { ...endingOf(deps, attempt, attempt.state), attempt };
  }
}

/** How and why an attempt ended. */
export function endingOf(
  { clock, rules }: LoginDependencies,
  attempt: LoginAttempt,
  status: AttemptEnd,
): AttemptEnding {
  const code = attempt.failure ?? (`attempt_${status}` as const);
  if (status !== 'contested') {
    return { status, code };
  }
  // Rivals that have ended count for as long: see `findWithRivals`.
  const leftMs = (attempt.ended_at ?? 0) + rules.attemptTtlMs - clock.now();
  return { status, code, retryAfterSeconds: Math.max(1, Math.ceil(leftMs / 60_000)) * 60 };
}
