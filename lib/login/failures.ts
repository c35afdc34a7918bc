import 'server-only';
import type { LimitReached } from '../limits/start-limits.ts';
import type { PauthError } from '../pauth/errors.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';

/** Something that kept us from an answer, with a hint when to try again, where there is one. */
export interface LoginFailure {
  code: AttemptEndCode;
  retryAfterSeconds: number | null;
  /** For the log, where a limit was reached. */
  limit?: LimitReached['limit'];
}

/** Whatever the vendor asks for: nobody waits for longer in front of a page. */
const LONGEST_RETRY_AFTER_SECONDS = 30;

/**
 * What a vendor failure means for the person. The guide: a timeout is 504, no connection 503, any
 * other error of the API 422. We keep 422 for what the person can do something about, the number;
 * a wrong key, a fault of theirs or an answer nobody understands is not theirs to mend.
 */
export function failureOfPauth(error: PauthError, request: 'create' | 'check'): LoginFailure {
  switch (error.kind) {
    case 'unreachable':
      return { code: 'pauth_unreachable', retryAfterSeconds: null };
    case 'held_back':
      return {
        code: 'pauth_unreachable',
        // Too many at once are not to be too many again in the same moment: each is told by chance.
        retryAfterSeconds:
          error.why === 'too_many_at_once' ? null : Math.ceil(error.retryAfterMs / 1_000),
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
            : Math.min(LONGEST_RETRY_AFTER_SECONDS, error.retryAfterSeconds),
      };
    }
    case 'unexpected':
      return { code: 'pauth_failed', retryAfterSeconds: null };
  }
}
