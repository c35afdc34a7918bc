import 'server-only';
import { deriveToken, hashToken } from '../crypto/token.ts';
import type { LoginAttempt } from '../store/schema.ts';
import { findSession } from '../store/sessions.ts';
import type { LoginDependencies } from './dependencies.ts';

/** How long a session that has not been used is delivered again, in case the response was lost. */
export const REDELIVERY_MS = 60_000;

/** The token of the session that an attempt begins: the same in each response, see `deriveToken`. */
export function sessionTokenOf(attemptToken: string): string {
  return deriveToken(attemptToken, 'session');
}

/** Whether the session of a completed attempt is unused, and not older than `REDELIVERY_MS`. */
export async function isDeliverable(
  { store, clock }: Pick<LoginDependencies, 'store' | 'clock'>,
  attempt: LoginAttempt,
  attemptToken: string,
): Promise<boolean> {
  const found = await findSession(store, hashToken(sessionTokenOf(attemptToken)));
  const isUnused = found?.session.last_used_at === null;
  return isUnused && clock.now() - (attempt.ended_at ?? 0) <= REDELIVERY_MS;
}
