import 'server-only';
import type { PauthError } from '../pauth/errors.ts';
import type { LoginDependencies } from './dependencies.ts';

/**
 * Says in the log, once a minute, that the vendor refuses our key, where that is what an error is:
 * nobody is let in until somebody mends it, and asking again does not.
 */
export function reportRefusedKey(
  { log, throttledLog }: LoginDependencies,
  error: PauthError,
): void {
  if (error.kind === 'refused' && (error.status === 401 || error.status === 403)) {
    throttledLog(log, 'error', {
      kind: 'key refused',
      entry: { event: 'pauth_key_refused', status: error.status },
      message: 'the vendor refuses our key, so nobody can log in: check PAUTH_API_KEY',
      mostPerMinute: 1,
    });
  }
}
