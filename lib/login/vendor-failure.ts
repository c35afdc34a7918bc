import 'server-only';
import type { LimitReached } from '../limits/start-limits.ts';
import type { PauthError } from '../pauth/errors.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import type { LoginDependencies } from './dependencies.ts';

/** What kept a start or a poll from an answer, and when to try again, if that is known. */
export interface LoginFailure {
  code: AttemptEndCode | 'rate_limited';
  retryAfterSeconds: number | null;
  /** Which limit was reached, for the log. */
  limit?: LimitReached['limit'];
}

/** The same where the vendor is the cause. */
export interface VendorFailure extends LoginFailure {
  code: AttemptEndCode;
}

/** Whatever the vendor asks for: longer waits would exceed what people tolerate in front of a page. */
const MAX_RETRY_AFTER_SECONDS = 30;

/**
 * What a vendor failure means for the person. The guide: a timeout is 504, no connection 503, any
 * other error of the API 422. We keep 422 for what the person can correct, the number; a wrong key, a
 * fault of the vendor's or an unreadable answer is not theirs.
 */
export function failureOfPauth(error: PauthError, request: 'create' | 'check'): VendorFailure {
  switch (error.kind) {
    case 'unreachable':
      return { code: 'pauth_unreachable', retryAfterSeconds: null };
    case 'not_sent':
      return {
        code: 'pauth_unreachable',
        // Where too many came at once, a random time keeps them from returning at once.
        retryAfterSeconds:
          error.reason === 'too_many_requests' ? null : Math.ceil(error.retryAfterMs / 1_000),
      };
    case 'timed_out':
      return { code: 'pauth_timed_out', retryAfterSeconds: null };
    case 'refused': {
      const isAboutNumber =
        request === 'create' &&
        error.status >= 400 &&
        error.status < 500 &&
        ![401, 403, 404, 405, 408, 429].includes(error.status);
      return {
        code: isAboutNumber ? 'pauth_refused_number' : 'pauth_failed',
        retryAfterSeconds:
          error.retryAfterSeconds === null
            ? null
            : Math.min(MAX_RETRY_AFTER_SECONDS, error.retryAfterSeconds),
      };
    }
    case 'unexpected':
      return { code: 'pauth_failed', retryAfterSeconds: null };
  }
}

/** Logs, once a minute, that the vendor refuses our key, if that is the error: nobody can log in. */
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
