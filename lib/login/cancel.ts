import 'server-only';
import { hashToken } from '../crypto/token.ts';
import { findAttemptByToken } from '../store/attempts.ts';
import type { LoginDependencies } from './dependencies.ts';
import { endWithoutLogin } from './end.ts';

/** Cancels the attempt that a token opens, if it is still live. */
export async function cancelAttempt(deps: LoginDependencies, attemptToken: string): Promise<void> {
  const attempt = await findAttemptByToken(deps.store, hashToken(attemptToken));
  if (attempt !== null) {
    await endWithoutLogin(deps, attempt, { to: 'cancelled', by: 'cancel' });
  }
}
