import * as z from 'zod/mini';

/** E.164 as ITU-T defines it: a plus, a country code that never starts with 0, 15 digits at most. */
const e164Pattern = /^\+[1-9]\d{3,14}$/;

export const phoneNumberSchema = z.string().check(z.regex(e164Pattern)).brand('PhoneNumber');

/** A phone number in its one canonical spelling, E.164: `+819012345678`. */
export type PhoneNumber = z.infer<typeof phoneNumberSchema>;

/** The longest text accepted as a phone number, in UTF-16 units: room for labels and spaces. */
export const PHONE_NUMBER_INPUT_MAX_LENGTH = 64;
