import 'server-only';
import type { NumberType, PhoneNumber as ParsedPhoneNumber } from 'libphonenumber-js/max';
import type { PhoneNumberCode } from '../shared/error-codes.ts';
import { countryRules } from './country-rules.ts';

/** The types of number that an operator can accept or refuse. */
export const numberTypes = ['mobile', 'landline', 'ip'] as const;

/** `ip` is a VoIP number, in Japan one that begins with 050. */
export type NumberTypeName = (typeof numberTypes)[number];

/** Why a number is refused, where the code alone says it. */
export type PlainNumberError = { code: Exclude<PhoneNumberCode, 'phone_number_not_in_country'> };

/** Numbers that cost more than an ordinary call. */
const premium: ReadonlySet<NumberType> = new Set(['PREMIUM_RATE', 'SHARED_COST']);

/** Numbers that do not belong to a person's phone. */
const notPersonal: ReadonlySet<NumberType> = new Set(['UAN', 'PAGER', 'VOICEMAIL']);

/** Whether a number costs more than an ordinary call or reaches no person. */
export function isUnsuitableCallNumber(parsed: ParsedPhoneNumber): boolean {
  const type = parsed.getType();
  return type !== undefined && (premium.has(type) || notPersonal.has(type));
}

/**
 * Checks the type of an existing number. Refuses types that receive calls but cannot place them, with which
 * no attempt could be verified, and those that are not in `accepted`.
 *
 * @returns null if the number may log in.
 */
export function refuseType(
  parsed: ParsedPhoneNumber,
  accepted: ReadonlySet<NumberTypeName>,
): PlainNumberError | null {
  const type = parsed.getType();
  if (type === undefined) {
    return null;
  }
  if (type === 'TOLL_FREE') {
    return { code: 'phone_number_toll_free' };
  }
  if (premium.has(type)) {
    return { code: 'phone_number_premium' };
  }
  if (notPersonal.has(type)) {
    return { code: 'phone_number_cannot_call' };
  }
  if (type === 'VOIP') {
    return accepted.has('ip') ? null : { code: 'phone_number_ip_refused' };
  }
  // As kept, a number of these countries may be either.
  const isEither = parsed.country && countryRules[parsed.country]?.mobileSpelling !== undefined;
  if (type === 'FIXED_LINE' && isEither !== true) {
    return accepted.has('landline') ? null : { code: 'phone_number_landline_refused' };
  }
  // Some countries do not distinguish mobile from landline numbers. Those count as both.
  return type !== 'MOBILE' || isEither === true || accepted.has('mobile')
    ? null
    : { code: 'phone_number_cannot_call' };
}
