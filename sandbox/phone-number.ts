import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import * as z from 'zod';

/** How the vendor may format the phone number of a verified session. Its real format is unknown. */
export const verifiedPhoneNumberFormats = ['e164', 'national', 'international'] as const;

export type VerifiedPhoneNumberFormat = (typeof verifiedPhoneNumberFormats)[number];

function parse(input: string) {
  const parsed = parsePhoneNumberFromString(input, { defaultCountry: 'JP', extract: false });
  return parsed?.isPossible() ? parsed : null;
}

/** A phone number as the vendor takes it: E.164 only. */
export const e164Schema = z
  .string()
  .refine((value) => parse(value)?.number === value, 'must be a phone number in E.164');

/** A phone number as typed at the test phone, read as Japanese. The output is E.164. */
export const phoneNumberSchema = z.string().transform((value, context) => {
  const parsed = parse(value);
  if (parsed !== null) {
    return String(parsed.number);
  }
  context.addIssue({ code: 'custom', message: 'must be a phone number' });
  return z.NEVER;
});

/** Formats an E.164 phone number: `+819012345678`, `09012345678` or `+81 90-1234-5678`. */
export function formatPhoneNumber(phoneNumber: string, format: VerifiedPhoneNumberFormat): string {
  const parsed = parse(phoneNumber);
  if (parsed === null || format === 'e164') {
    return phoneNumber;
  }
  if (format === 'national') {
    return parsed.formatNational().replaceAll(/\D/g, '');
  }
  const [countryCode, ...groups] = parsed.formatInternational().split(' ');
  return `${countryCode} ${groups.join('-')}`;
}
