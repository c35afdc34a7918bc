import 'server-only';
import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  getExampleNumber,
  isSupportedCountry,
  type PhoneNumber as ParsedPhoneNumber,
  ParseError,
  parsePhoneNumberWithError,
  validatePhoneNumberLength,
} from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import {
  isPhoneNumber,
  PHONE_NUMBER_INPUT_MAX_LENGTH,
  type PhoneNumber,
} from '../shared/phone-number.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import {
  isEmergencyNumber,
  isNotToBeCalled,
  type NumberTypeError,
  type NumberTypeName,
  numberTypes,
  whyTypeRefused,
} from './number-types.ts';

export type { CountryCode };

export type PhoneNumberError =
  | {
      code:
        | 'phone_number_missing'
        | 'phone_number_unreadable'
        | 'phone_number_too_short'
        | 'phone_number_too_long'
        | 'phone_number_unknown_country'
        | 'phone_number_emergency';
    }
  | NumberTypeError
  | { code: 'phone_number_not_in_country'; country: CountryCode };

/** Every kind of number there is. */
const anyType: ReadonlySet<NumberTypeName> = new Set(numberTypes);

const invisible = /[\p{Cf}\p{Cc}]/gu;
const arabicDigits = /[\u0660-\u0669\u06f0-\u06f9]/gu;
const dashes = /[\p{Pd}ー−ｰ─━_~〜・]/gu;
const label = /^(?:tel|phone|telephone|mobile|cell|携帯電話|携帯|電話番号|電話)[\s:.-]*/iu;
const brackets = /[()[\]{}<>「」『』【】〔〕〈〉]/gu;

/** Brings every way people write, paste and autofill one number to plain digits with at most a plus. */
function fold(phoneNumberInput: string): string {
  const text = phoneNumberInput
    .normalize('NFKC')
    .replace(invisible, '')
    // Each block of them begins at a multiple of 16.
    .replace(arabicDigits, (digit) => String(digit.charCodeAt(0) & 0xf))
    .replace(dashes, '-')
    .replace(brackets, ' ')
    .trim()
    .replace(label, '')
    .replace(/[\s./-]+/gu, '');
  return (
    text
      // Autofill may put a second country code in front of a complete number.
      .replace(/^\+?\p{Nd}{0,3}(?=\+)/u, '')
      .replace(/^00/u, '+')
      // 184 and 186 are dialled in Japan before a number to hide or show the caller ID.
      .replace(/^18[46](?=0)/u, '')
  );
}

/**
 * Reads what a person typed as the number of a phone they can call from.
 *
 * Takes any usual spelling: full-width digits, spaces, hyphens, brackets, `+81`, `0081`, a label
 * in front (`TEL: 090…`), the dialling prefixes 184 and 186. A number without a country code is
 * read as one of `country`. Idempotent: the result parses to itself.
 *
 * @param country ISO 3166-1 alpha-2.
 * @param accepted the kinds of number that may log in.
 */
export function parsePhoneNumber(
  phoneNumberInput: string,
  country: CountryCode,
  accepted: ReadonlySet<NumberTypeName> = anyType,
): Result<PhoneNumber, PhoneNumberError> {
  if (phoneNumberInput.length > PHONE_NUMBER_INPUT_MAX_LENGTH) {
    return fail({ code: 'phone_number_too_long' });
  }
  const text = fold(phoneNumberInput);
  if (text === '') {
    return fail({ code: 'phone_number_missing' });
  }
  if (!isPlain(text)) {
    return fail({ code: 'phone_number_unreadable' });
  }
  if (isEmergencyNumber(text)) {
    return fail({ code: 'phone_number_emergency' });
  }
  const parsed = parse(text, country);
  if (!parsed.ok) {
    return fail({ code: codeOfParseError(parsed.error) });
  }
  if (!parsed.value.isValid()) {
    return fail(whyInvalid(text, parsed.value, country));
  }
  const refused = whyTypeRefused(parsed.value, accepted);
  if (refused !== null) {
    return fail(refused);
  }
  const phoneNumber = canonical(parsed.value);
  return phoneNumber === null ? fail({ code: 'phone_number_too_long' }) : succeed(phoneNumber);
}

/**
 * Reads a phone number in the vendor's reply. Its format is not documented, so any common spelling
 * will do, read as a number of `country` unless it says otherwise. `null` when it is none.
 */
export function parseAnySpelling(text: string, country: CountryCode): PhoneNumber | null {
  const parsed = parseWhole(text, country);
  return parsed?.isPossible() ? canonical(parsed) : null;
}

/**
 * Reads the number the vendor wants called. Unlike `parseAnySpelling` it takes only numbers that
 * exist and cost an ordinary call at most, since a person is about to dial it. `null` otherwise.
 */
export function parseCallNumber(text: string, country: CountryCode): PhoneNumber | null {
  const parsed = parseWhole(text, country);
  // Numbers of no country, satellites among them, cost what nobody expects.
  return parsed?.isValid() && parsed.country !== undefined && !isNotToBeCalled(parsed)
    ? canonical(parsed)
    : null;
}

/**
 * Writes a number as its own country does: `090-1234-5678` for a number of `country`, with the
 * country code in front for any other.
 */
export function formatPhoneNumber(phoneNumber: PhoneNumber, country: CountryCode): string {
  const parsed = parsePhoneNumberWithError(phoneNumber);
  return parsed.country === country ? parsed.formatNational() : parsed.formatInternational();
}

/** The same, with a dot for every digit between the first group and the last four digits. */
export function maskPhoneNumber(phoneNumber: PhoneNumber, country: CountryCode): string {
  const text = formatPhoneNumber(phoneNumber, country);
  const firstGap = /^[^+\d]*[+\d]*/.exec(text)?.[0].length ?? 0;
  const lastDigits = /(?:\d\D*){4}$/.exec(text)?.index ?? text.length;
  return text.replace(/\d/g, (digit, index: number) =>
    index < firstGap || index >= lastDigits ? digit : '•',
  );
}

/** A number of a mobile phone in a country, as it is written there, to show how to type one. */
export function examplePhoneNumber(country: CountryCode): string {
  return country === 'JP'
    ? '090-1234-5678'
    : (getExampleNumber(country, examples)?.formatNational() ?? '');
}

/** Every country that phone numbers can be read for. */
export function countryCodes(): CountryCode[] {
  return getCountries();
}

/** What is dialled before a number of a country from abroad, without the plus: `81`. */
export function callingCodeOf(country: CountryCode): string {
  return getCountryCallingCode(country);
}

/** Whether a text names a country that phone numbers can be read for. */
export function isCountryCode(text: string): text is CountryCode {
  return isSupportedCountry(text);
}

function parse(text: string, country: CountryCode): Result<ParsedPhoneNumber, string> {
  try {
    return succeed(parsePhoneNumberWithError(text, { defaultCountry: country, extract: false }));
  } catch (error) {
    if (error instanceof ParseError) {
      return fail(error.message);
    }
    throw error;
  }
}

/** Reads a text that is a phone number and nothing else; null when it is not. */
function parseWhole(text: string, country: CountryCode): ParsedPhoneNumber | null {
  if (text.length > PHONE_NUMBER_INPUT_MAX_LENGTH) {
    return null;
  }
  const plain = fold(text);
  const parsed = isPlain(plain) ? parse(plain, country) : null;
  return parsed?.ok ? parsed.value : null;
}

function isPlain(text: string): boolean {
  return /^\+?\p{Nd}+$/u.test(text);
}

/** E.164, or null: some countries have numbers of more digits than it allows. */
function canonical(parsed: ParsedPhoneNumber): PhoneNumber | null {
  return isPhoneNumber(parsed.number) ? parsed.number : null;
}

function whyInvalid(
  text: string,
  parsed: ParsedPhoneNumber,
  country: CountryCode,
): PhoneNumberError {
  switch (validatePhoneNumberLength(text, country)) {
    case 'TOO_SHORT':
      return { code: 'phone_number_too_short' };
    case 'TOO_LONG':
      return { code: 'phone_number_too_long' };
    default:
      return {
        code: 'phone_number_not_in_country',
        // Of the countries that share a code, the first one is the main one.
        country: parsed.country ?? parsed.getPossibleCountries()[0] ?? country,
      };
  }
}

function codeOfParseError(reason: string) {
  switch (reason) {
    case 'TOO_SHORT':
      return 'phone_number_too_short';
    case 'TOO_LONG':
      return 'phone_number_too_long';
    case 'INVALID_COUNTRY':
      return 'phone_number_unknown_country';
    default:
      return 'phone_number_unreadable';
  }
}
