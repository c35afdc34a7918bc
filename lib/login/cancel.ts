import 'server-only';
import { hashToken } from '../crypto/token.ts';
import { findAttempt } from '../store/attempts.ts';
import type { LoginDependencies } from './dependencies.ts';
import { endWithoutLogin } from './end.ts';

/** Cancels the attempt of a token, if it is live. */
export async function cancelAttempt(deps: LoginDependencies, attemptToken: string): Promise<void> {
  const attempt = await findAttempt(deps.store, 'token_hash', hashToken(attemptToken));
  if (attempt !== null) {
    await endWithoutLogin(deps, attempt, { to: 'cancelled', by: 'cancel' });
  }
}
