declare const brand: unique symbol;

/** A phone number in its one canonical spelling, E.164: `+819012345678`. */
export type PhoneNumber = string & { readonly [brand]: 'PhoneNumber' };

/** E.164 as ITU-T defines it: a plus, a country code that never starts with 0, 15 digits at most. */
const e164Pattern = /^\+[1-9]\d{3,14}$/;

/** Whether a value is spelt in E.164. Says nothing about whether anybody has the number. */
export function isPhoneNumber(value: unknown): value is PhoneNumber {
  return typeof value === 'string' && e164Pattern.test(value);
}

/** The longest text accepted as a phone number, in UTF-16 units: room for labels and spaces. */
export const PHONE_NUMBER_INPUT_MAX_LENGTH = 64;
