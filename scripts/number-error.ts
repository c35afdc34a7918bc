import type { CountryCode, PhoneNumberError } from '#lib/phone/phone-number.ts';
import { en } from '#lib/shared/messages/en.ts';
import { fillIn } from '#lib/shared/messages/messages.ts';

/** Says in English why a text is not a phone number. @param country of numbers without a country code. */
export function describeNumberError(error: PhoneNumberError, country: CountryCode): string {
  const code = 'country' in error ? error.country : country;
  const name = new Intl.DisplayNames(['en'], { type: 'region' }).of(code) ?? code;
  return fillIn(en.errors[error.code], { country: name });
}
