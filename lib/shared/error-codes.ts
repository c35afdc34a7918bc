/**
 * Every code an error answer can carry. Stable: clients and logs depend on them. The text a person
 * reads is in `messages/`, the HTTP status in `lib/http/answer.ts`.
 */
export const errorCodes = [
  // What was typed
  'phone_number_missing',
  'phone_number_unreadable',
  'phone_number_too_short',
  'phone_number_too_long',
  'phone_number_unknown_country',
  'phone_number_not_in_country',
  'phone_number_emergency',
  'phone_number_toll_free',
  'phone_number_premium',
  'phone_number_cannot_call',
  'phone_number_landline_refused',
  'phone_number_ip_refused',

  // How it was sent
  'request_cross_origin',
  'request_wrong_method',
  'request_not_json',
  'request_incomplete',
  'request_too_large',
  'request_invalid',

  // Too much of it
  'rate_limited',

  // What became of the attempt
  'attempt_missing',
  'attempt_expired',
  'attempt_cancelled',
  'attempt_contested',
  'attempt_failed',
  'signup_closed',
  'user_disabled',

  // What the vendor did
  'pauth_unreachable',
  'pauth_timed_out',
  'pauth_refused_number',
  'pauth_failed',

  // Everything else
  'not_logged_in',
  'session_missing',
  'store_unavailable',
  'internal_error',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Whether what was typed is at fault, or something else. */
export function isAboutNumber(code: ErrorCode): boolean {
  return code.startsWith('phone_number_') || code === 'pauth_refused_number';
}

/** Why an attempt has no login at its end. */
export type AttemptEndCode = Extract<
  ErrorCode,
  `attempt_${string}` | `pauth_${string}` | 'rate_limited' | 'signup_closed' | 'user_disabled'
>;
