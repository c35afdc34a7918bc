declare const brand: unique symbol;

/** A phone number in its canonical form, E.164: `+819012345678`. */
export type PhoneNumber = string & { readonly [brand]: 'PhoneNumber' };

/** ITU-T E.164: a plus, a country code that does not start with 0, at most 15 digits. */
export const E164_PATTERN = /^\+[1-9]\d{3,14}$/;

/** Whether a value has the form of E.164. The number need not be assigned. */
export function isPhoneNumber(value: unknown): value is PhoneNumber {
  return typeof value === 'string' && E164_PATTERN.test(value);
}

/** The longest accepted phone number input in UTF-16 code units; allows for labels and spaces. */
export const PHONE_NUMBER_INPUT_MAX_LENGTH = 64;
