import 'server-only';
import { findAttemptByToken } from '../store/attempts.ts';
import { hashToken } from '../token.ts';
import { endWithoutLogin } from './end.ts';
import type { LoginParts } from './parts.ts';

/** Ends the attempt of this browser, if it has one that still lives. */
export async function cancelAttempt(parts: LoginParts, attemptToken: string): Promise<void> {
  const attempt = await findAttemptByToken(parts.store, hashToken(attemptToken));
  if (attempt !== null) {
    await endWithoutLogin(parts, attempt, 'cancelled');
  }
}
