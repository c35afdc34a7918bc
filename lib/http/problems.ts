import 'server-only';
import { randomInt } from 'node:crypto';
import type { LimitReached } from '../limits/start-limits.ts';
import type { PhoneNumberError } from '../phone/phone-number.ts';
import type { ErrorReply } from '../shared/contract.ts';
import {
  type ErrorCode,
  errorCodes,
  type PauthCheckCode,
  type PauthCode,
  type PhoneNumberCode,
} from '../shared/error-codes.ts';
import type { Language } from '../shared/language.ts';
import { type ProblemFacts, problemText } from '../shared/messages/problem-text.ts';
import { messagesIn } from './language.ts';
import { json, type RouteResponse } from './responses.ts';
import type { RequestOrigins } from './same-origin.ts';

/**
 * Why a request is refused: an error code, one of `Code`, and what its text, headers or log line need
 * besides.
 */
export type Problem<Code extends ErrorCode = ErrorCode> =
  | Extract<PhoneNumberError, { code: Extract<Code, 'phone_number_not_in_country'> }>
  | {
      code: Exclude<Code, 'phone_number_not_in_country'>;
      retryAfterSeconds?: number | null;
      /** Which limit was reached, for the log. */
      limit?: LimitReached['limit'];
      /** Where a request came from, and where it should have come from, for the log. */
      origins?: RequestOrigins;
    };

/** Every code of a typed number. */
export const phoneNumberCodes = errorCodes.filter((code): code is PhoneNumberCode =>
  code.startsWith('phone_number_'),
);

/** Every code of the vendor. */
export const pauthCodes = errorCodes.filter((code): code is PauthCode => code.startsWith('pauth_'));

/** Every code of the vendor about an attempt that was started. */
export const pauthCheckCodes = pauthCodes.filter(
  (code): code is PauthCheckCode => code !== 'pauth_refused_number',
);

/** The one place where errors become HTTP. 408, 422, 503 and 504 follow the vendor's guide. */
const statusOf: Readonly<Record<ErrorCode, number>> = {
  phone_number_missing: 422,
  phone_number_unreadable: 422,
  phone_number_too_short: 422,
  phone_number_too_long: 422,
  phone_number_unknown_country: 422,
  phone_number_ambiguous: 422,
  phone_number_not_in_country: 422,
  phone_number_emergency: 422,
  phone_number_toll_free: 422,
  phone_number_premium: 422,
  phone_number_cannot_call: 422,
  phone_number_landline_refused: 422,
  phone_number_ip_refused: 422,
  request_cross_origin: 403,
  request_wrong_method: 405,
  request_not_found: 404,
  request_not_json: 415,
  request_incomplete: 400,
  request_too_large: 413,
  request_invalid: 400,
  rate_limited: 429,
  attempt_missing: 404,
  attempt_expired: 408,
  attempt_cancelled: 410,
  attempt_contested: 409,
  attempt_failed: 410,
  signup_closed: 403,
  user_disabled: 403,
  pauth_unreachable: 503,
  pauth_timed_out: 504,
  pauth_refused_number: 422,
  pauth_failed: 503,
  passkey_unknown: 404,
  passkey_expired: 410,
  passkey_refused: 403,
  passkey_needs_call: 403,
  passkey_needs_confirmation: 403,
  passkey_missing: 404,
  passkey_is_last: 409,
  passkeys_full: 409,
  not_logged_in: 401,
  session_missing: 404,
  session_limited: 403,
  cron_refused: 401,
  store_unavailable: 503,
  internal_error: 500,
};

/** Temporary failures, which are always answered with a Retry-After. */
const temporary: ReadonlySet<ErrorCode> = new Set([
  'rate_limited',
  'pauth_unreachable',
  'pauth_timed_out',
  'pauth_failed',
  'store_unavailable',
  'internal_error',
]);

/** Random where no better time is known, so that clients do not all return at the same moment. */
const RETRY_AFTER_SECONDS = { min: 2, max: 4 };

/** The HTTP status that goes with an error code. */
export function httpStatusOf(code: ErrorCode): number {
  return statusOf[code];
}

/** Whether a refusal with this code is temporary, and says when to try again. */
export function isTemporary(code: ErrorCode): boolean {
  return temporary.has(code);
}

/** The answer to a refused request: status, code, and a sentence in the visitor's language. */
export function problemResponse(
  problem: Problem,
  { id, language }: { id: string; language: Language },
): RouteResponse {
  const { code } = problem;
  const retryAfterSeconds = retryAfterOf(problem);
  const reply: ErrorReply = {
    ...factsOf(problem),
    error: describeProblem(problem, language),
    request_id: id,
    ...(retryAfterSeconds === null ? {} : { retry_after_seconds: retryAfterSeconds }),
  };
  return json(reply, statusOf[code], {
    'x-request-id': id,
    ...(retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) }),
  });
}

/** What the vendor's guide answers, for clients that look for it. The page says it in plainer words. */
const guideTexts: Partial<Record<ErrorCode, string>> = {
  pauth_unreachable: 'API接続に失敗しました。',
  pauth_timed_out: '接続タイムアウト。',
};

/** The sentence of an answer, in the visitor's language. */
export function describeProblem(problem: Problem, language: Language): string {
  const guideText = language === 'ja' ? (guideTexts[problem.code] ?? '') : '';
  return (
    guideText + problemText(factsOf(problem), { errors: messagesIn(language).errors, language })
  );
}

/** The fields of an error reply from which the sentence of a problem is built. */
export function factsOf(problem: Problem): ProblemFacts<ErrorCode> {
  return {
    code: problem.code,
    ...('country' in problem && { country: problem.country }),
    ...('retryAfterSeconds' in problem &&
      problem.retryAfterSeconds !== null && { retry_after_seconds: problem.retryAfterSeconds }),
  };
}

function retryAfterOf(problem: Problem): number | null {
  if (!isTemporary(problem.code)) {
    return null;
  }
  const known = 'retryAfterSeconds' in problem ? problem.retryAfterSeconds : null;
  return known ?? randomInt(RETRY_AFTER_SECONDS.min, RETRY_AFTER_SECONDS.max + 1);
}
