import 'server-only';
import type { NumberType, PhoneNumber as ParsedPhoneNumber } from 'libphonenumber-js/max';

/** The kinds of number a deployer may let in or keep out. */
export const numberTypes = ['mobile', 'landline', 'ip'] as const;

/** `ip` is a number of the net, in Japan one that begins with 050. */
export type NumberTypeName = (typeof numberTypes)[number];

export type NumberTypeError = {
  code:
    | 'phone_number_toll_free'
    | 'phone_number_premium'
    | 'phone_number_cannot_call'
    | 'phone_number_landline_refused'
    | 'phone_number_ip_refused';
};

/** Lines whose callers pay more than for an ordinary call. */
const premium: ReadonlySet<NumberType> = new Set(['PREMIUM_RATE', 'SHARED_COST']);

/** Lines that nobody has in their hand. */
const notPhones: ReadonlySet<NumberType> = new Set(['UAN', 'PAGER', 'VOICEMAIL']);

/** Whether calling a number may cost more than an ordinary call, or reach nobody. */
export function isNotToBeCalled(parsed: ParsedPhoneNumber): boolean {
  const type = parsed.getType();
  return type !== undefined && (premium.has(type) || notPhones.has(type));
}

/**
 * Why nobody can log in with a number that exists: it is called but does not call, so that an
 * attempt could never be verified, or its kind is not among those accepted. Null when they can.
 */
export function whyTypeRefused(
  parsed: ParsedPhoneNumber,
  accepted: ReadonlySet<NumberTypeName>,
): NumberTypeError | null {
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
  if (notPhones.has(type)) {
    return { code: 'phone_number_cannot_call' };
  }
  if (type === 'VOIP') {
    return accepted.has('ip') ? null : { code: 'phone_number_ip_refused' };
  }
  if (type === 'FIXED_LINE') {
    return accepted.has('landline') ? null : { code: 'phone_number_landline_refused' };
  }
  // Some countries do not tell mobile numbers from others: those count as both.
  return type !== 'MOBILE' || accepted.has('mobile') ? null : { code: 'phone_number_cannot_call' };
}

/** Numbers for help in an emergency, in Japan and wherever a phone knows them. */
const emergency: ReadonlySet<string> = new Set(['110', '118', '119', '000', '112', '911', '999']);

/** Whether digits, as they are dialled, call for help in an emergency. */
export function isEmergencyNumber(digits: string): boolean {
  return emergency.has(digits);
}
