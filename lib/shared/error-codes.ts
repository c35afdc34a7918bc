import type { AttemptEnd } from './attempt-states.ts';

/**
 * Every code of an error reply. Stable: clients and logs depend on them. The texts shown to people
 * are in `messages/`; HTTP statuses are assigned in `lib/http`.
 */
export const errorCodes = [
  // The phone number
  'phone_number_missing',
  'phone_number_unreadable',
  'phone_number_too_short',
  'phone_number_too_long',
  'phone_number_unknown_country',
  'phone_number_ambiguous',
  'phone_number_not_in_country',
  'phone_number_emergency',
  'phone_number_toll_free',
  'phone_number_premium',
  'phone_number_cannot_call',
  'phone_number_landline_refused',
  'phone_number_ip_refused',

  // The request
  'request_cross_origin',
  'request_wrong_method',
  'request_not_found',
  'request_not_json',
  'request_incomplete',
  'request_too_large',
  'request_invalid',

  // Rate limits
  'rate_limited',

  // The attempt
  'attempt_missing',
  'attempt_expired',
  'attempt_cancelled',
  'attempt_contested',
  'attempt_failed',
  'signup_closed',
  'user_disabled',

  // The vendor
  'pauth_unreachable',
  'pauth_timed_out',
  'pauth_refused_number',
  'pauth_failed',

  // Passkeys
  'passkey_unknown',
  'passkey_expired',
  'passkey_refused',
  'passkey_needs_call',
  'passkey_needs_confirmation',
  'passkey_missing',
  'passkey_is_last',
  'passkeys_full',

  // Sessions and the server
  'not_logged_in',
  'session_missing',
  'session_limited',
  'cron_refused',
  'store_unavailable',
  'internal_error',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Whether the typed phone number is at fault. */
export function isNumberCode(code: string): boolean {
  return code.startsWith('phone_number_') || code === 'pauth_refused_number';
}

/** What is wrong with a typed phone number. */
export type PhoneNumberCode = Extract<ErrorCode, `phone_number_${string}`>;

/** Why the vendor did not answer. */
export type PauthCode = Extract<ErrorCode, `pauth_${string}`>;

/** The same of a check: what the vendor thinks of a number, it says at the start. */
export type PauthCheckCode = Exclude<PauthCode, 'pauth_refused_number'>;

/** Why an attempt ended without a login. */
export type AttemptEndCode =
  | Extract<ErrorCode, `attempt_${AttemptEnd}` | 'signup_closed' | 'user_disabled'>
  | PauthCode;
