import 'server-only';
import { randomInt } from 'node:crypto';
import type { LimitReached } from '../limits/start-limits.ts';
import type { PhoneNumberError } from '../phone/phone-number.ts';
import type { ErrorReply } from '../shared/contract.ts';
import type { ErrorCode } from '../shared/error-codes.ts';
import type { Language } from '../shared/language.ts';
import { fillIn } from '../shared/messages/messages.ts';
import { messagesIn } from './language.ts';

/** Anything a request can fail with: an error code, and what its text or headers need besides. */
export type Problem =
  | PhoneNumberError
  | {
      code: Exclude<ErrorCode, 'phone_number_not_in_country'>;
      retryAfterSeconds?: number | null;
      /** For the log, where a limit was reached. */
      limit?: LimitReached['limit'];
    };

/** The one place where errors become HTTP. The vendor's rows (408, 422, 503, 504) are its guide's. */
const statusOf: Readonly<Record<ErrorCode, number>> = {
  phone_number_missing: 422,
  phone_number_unreadable: 422,
  phone_number_too_short: 422,
  phone_number_too_long: 422,
  phone_number_unknown_country: 422,
  phone_number_not_in_country: 422,
  phone_number_emergency: 422,
  phone_number_toll_free: 422,
  phone_number_premium: 422,
  phone_number_cannot_call: 422,
  phone_number_landline_refused: 422,
  phone_number_ip_refused: 422,
  request_cross_origin: 403,
  request_wrong_method: 405,
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
  not_logged_in: 401,
  session_missing: 404,
  store_unavailable: 503,
  internal_error: 500,
};

/** When to come back after a passing trouble, if nobody knows: not for everybody at the same moment. */
const RETRY_AFTER_SECONDS = { least: 2, most: 4 };

/** Passing troubles for which a time to come back is always given. */
const passing: ReadonlySet<ErrorCode> = new Set([
  'rate_limited',
  'pauth_unreachable',
  'pauth_timed_out',
  'pauth_failed',
  'store_unavailable',
  'internal_error',
]);

/** An answer in JSON, before it is anybody's response. */
export interface JsonAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** Shorter answers fit into one packet as they are. */
const LEAST_WORTH_COMPRESSING = 1_024;

/**
 * Composes an answer that no cache may keep. Next would compress one of any length, as it does not pass
 * on how long it is; for a short one that was a fifth of the CPU (`/api/health/live` with and without).
 */
export function compose(
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): JsonAnswer {
  const text = JSON.stringify(body);
  const isShort = text.length < LEAST_WORTH_COMPRESSING;
  return {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': isShort ? 'no-store, no-transform' : 'no-store',
      ...headers,
    },
    text,
  };
}

/** The same as a route of Next answers it. */
export function answer(...parts: Parameters<typeof compose>): Response {
  return toResponse(compose(...parts));
}

/** Composes the answer to a problem: its status, its code, and a sentence in the visitor's language. */
export function composeProblem(
  problem: Problem,
  { id, language }: { id: string; language: Language },
): JsonAnswer {
  const { code } = problem;
  const retryAfterSeconds = retryAfterOf(problem);
  const reply: ErrorReply = {
    code,
    error: describeProblem(problem, language),
    request_id: id,
    ...(retryAfterSeconds === null ? {} : { retry_after_seconds: retryAfterSeconds }),
  };
  return compose(
    reply,
    statusOf[code],
    retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) },
  );
}

/** The same as a route of Next answers it. */
export function answerProblem(...parts: Parameters<typeof composeProblem>): Response {
  return toResponse(composeProblem(...parts));
}

function toResponse({ text, ...rest }: JsonAnswer): Response {
  return new Response(text, rest);
}

/** The HTTP status that goes with an error code. */
export function httpStatusOf(code: ErrorCode): number {
  return statusOf[code];
}

/** The sentence a person reads, in their language. */
export function describeProblem(problem: Problem, language: Language): string {
  const text = messagesIn(language).errors[problem.code];
  switch (problem.code) {
    case 'phone_number_not_in_country':
      return fillIn(text, { country: countryName(problem.country, language) });
    case 'rate_limited':
      return fillIn(text, { wait: wait(problem.retryAfterSeconds ?? 60, language) });
    default:
      return text;
  }
}

/** A time to wait as a person says it: in seconds up to two minutes, then in whole minutes. */
function wait(seconds: number, language: Language): string {
  const [value, unit] = seconds <= 120 ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute'];
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(
    value,
  );
}

function countryName(country: string, language: Language): string {
  return new Intl.DisplayNames([language], { type: 'region' }).of(country) ?? country;
}

function retryAfterOf(problem: Problem): number | null {
  if (!passing.has(problem.code)) {
    return null;
  }
  const known = 'retryAfterSeconds' in problem ? problem.retryAfterSeconds : null;
  const { least, most } = RETRY_AFTER_SECONDS;
  return known ?? randomInt(least, most + 1);
}
