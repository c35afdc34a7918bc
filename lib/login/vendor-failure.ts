import 'server-only';
import type { LimitReached } from '../limits/start-limits.ts';
import type { PauthError } from '../pauth/errors.ts';
import type { PauthCheckCode, PauthCode } from '../shared/error-codes.ts';
import type { LoginDependencies } from './dependencies.ts';

/** Why a start or a poll failed, and when to try again, if known. */
export interface LoginFailure {
  code: PauthCode | 'attempt_cancelled' | 'attempt_failed' | 'rate_limited';
  retryAfterSeconds: number | null;
  /** Which limit was reached, for the log. */
  limit?: LimitReached['limit'];
}

/** The same where only the vendor can be the cause, after the start. */
export type VendorFailure = LoginFailure & { code: PauthCheckCode };

/** Limits the vendor's Retry-After: longer waits would exceed what people tolerate in front of a page. */
const MAX_RETRY_AFTER_SECONDS = 30;

/**
 * What a vendor failure at the start means for the person. The guide answers 504 after a timeout, 503 without a
 * connection and 422 for any other error. Here 422 is only for what the person can correct: the number.
 */
export function failureOfCreate(error: PauthError): LoginFailure & { code: PauthCode } {
  const failure = failureOfPauth(error);
  const isAboutNumber =
    error.kind === 'refused' &&
    error.status >= 400 &&
    error.status < 500 &&
    ![401, 403, 404, 405, 408, 429].includes(error.status);
  return isAboutNumber ? { ...failure, code: 'pauth_refused_number' } : failure;
}

/** The same of a failure later. */
export function failureOfPauth(error: PauthError): VendorFailure {
  switch (error.kind) {
    case 'unreachable':
      return { code: 'pauth_unreachable', retryAfterSeconds: null };
    case 'not_sent':
      return {
        code: 'pauth_unreachable',
        // null becomes a random time, so that those rejected together do not return together.
        retryAfterSeconds:
          error.reason === 'too_many_requests' ? null : Math.ceil(error.retryAfterMs / 1_000),
      };
    case 'timed_out':
      return { code: 'pauth_timed_out', retryAfterSeconds: null };
    case 'refused':
      return {
        code: 'pauth_failed',
        retryAfterSeconds:
          error.retryAfterSeconds === null
            ? null
            : Math.min(MAX_RETRY_AFTER_SECONDS, error.retryAfterSeconds),
      };
    case 'unexpected':
      return { code: 'pauth_failed', retryAfterSeconds: null };
  }
}

/** Logs, at most once a minute, if the vendor refuses the API key, in which case nobody can log in. */
export function reportRefusedKey(
  { log, throttledLog }: LoginDependencies,
  error: PauthError,
): void {
  if (error.kind === 'refused' && (error.status === 401 || error.status === 403)) {
    throttledLog(log, 'error', {
      kind: 'key refused',
      entry: { event: 'pauth_key_refused', status: error.status },
      message: 'the vendor refuses our key, so nobody can log in: check PAUTH_API_KEY',
      maxPerMinute: 1,
    });
  }
}
