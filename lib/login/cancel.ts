import 'server-only';
import { hashToken } from '../crypto/token.ts';
import { findAttemptByToken } from '../store/attempts.ts';
import type { LoginDependencies } from './dependencies.ts';
import { endWithoutLogin } from './end.ts';

/** Ends the attempt of this browser, if it has one that still lives. */
export async function cancelAttempt(deps: LoginDependencies, attemptToken: string): Promise<void> {
  const attempt = await findAttemptByToken(deps.store, hashToken(attemptToken));
  if (attempt !== null) {
    await endWithoutLogin(deps, attempt, 'cancelled');
  }
}
