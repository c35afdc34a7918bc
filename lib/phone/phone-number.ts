import 'server-only';
import {
  type CountryCode,
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
import { countryRules } from './country-rules.ts';
import {
  isUnsuitableCallNumber,
  type NumberTypeName,
  numberTypes,
  type PlainNumberError,
  refuseType,
} from './number-types.ts';

/** The countries whose phone numbers can be parsed, and their calling codes without the plus. */
export {
  type CountryCode,
  getCountries as countryCodes,
  getCountryCallingCode as callingCodeOf,
} from 'libphonenumber-js/max';

export type PhoneNumberError =
  | PlainNumberError
  | { code: 'phone_number_not_in_country'; country: CountryCode };

const allTypes: ReadonlySet<NumberTypeName> = new Set(numberTypes);

/** Emergency numbers of Japan, and those that phones recognize in other countries. */
const emergencyNumber = /^(?:110|118|119|000|112|911|999)$/;

const invisible = /[\p{Cf}\p{Cc}]/gu;
/** Pictures and signs of telephones, and what makes a digit the picture of a key. */
const pictures = /\p{Extended_Pictographic}|\p{So}|\ufe0f|\u20e3/gu;
const dashes = /[\p{Pd}ー−ｰ─━_~〜・]/gu;
const label =
  /^(?:tel|phone|telephone|mobile|cell|携帯電話|携帯|電話番号|電話|手机号码|手机号|手机|电话号码|电话|手機|전화번호|전화|휴대폰|핸드폰)[\s:.-]*/iu;
const brackets = /[()[\]{}<>「」『』【】〔〕〈〉]/gu;

/** Normalizes the ways in which people write, paste and autofill a number to digits with an optional plus. */
function normalize(phoneNumberInput: string): string {
  return (
    phoneNumberInput
      .normalize('NFKC')
      .replace(invisible, '')
      .replace(pictures, ' ')
      .replace(/\p{Nd}/gu, digitValue)
      .replace(dashes, '-')
      .replace(brackets, ' ')
      .trim()
      .replace(label, '')
      .replace(/[\s./-]+/gu, '')
      // Autofill may prepend a second country code to a complete number.
      .replace(/^\+?\d{0,3}(?=\+)/, '')
  );
}

/** The value of a decimal digit of any script. Each script has its digits in a row, from zero to nine. */
function digitValue(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let zero = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) {
    zero -= 1;
  }
  return String(code - zero);
}

/**
 * Parses a person's input as the number of a phone they can call from.
 *
 * Accepts any common format: full-width digits, spaces, hyphens, brackets, `+81`, `0081`, a leading label
 * (`TEL: 090…`), digits of any script, the dialling prefixes of `country`. A number without a country code is
 * one of `country`.
 * Idempotent: the result parses to itself. Every spelling of a number has one result, which names its account:
 * `+54 9 11 6677 3399` is kept as `+541166773399`, as the caller ID of the same phone may read.
 *
 * @param country ISO 3166-1 alpha-2.
 * @param accepted the types of number that may log in.
 */
export function parsePhoneNumber(
  phoneNumberInput: string,
  country: CountryCode,
  accepted: ReadonlySet<NumberTypeName> = allTypes,
): Result<PhoneNumber, PhoneNumberError> {
  if (phoneNumberInput.length > PHONE_NUMBER_INPUT_MAX_LENGTH) {
    return fail({ code: 'phone_number_too_long' });
  }
  const text = normalize(phoneNumberInput);
  if (text === '') {
    return fail({ code: 'phone_number_missing' });
  }
  if (!isDigits(text)) {
    return fail({ code: 'phone_number_unreadable' });
  }
  if (emergencyNumber.test(text)) {
    return fail({ code: 'phone_number_emergency' });
  }
  const parsed = read(text, country);
  if (!parsed.ok) {
    return fail({ code: codeOfParseError(parsed.error) });
  }
  if (!parsed.value.isValid()) {
    return fail(invalidNumberError(parsed.value, country));
  }
  const refused = refuseType(parsed.value, accepted);
  if (refused !== null) {
    return fail(refused);
  }
  const phoneNumber = toKept(parsed.value);
  return phoneNumber === null ? fail({ code: 'phone_number_too_long' }) : succeed(phoneNumber);
}

/**
 * Parses the caller's number in the vendor's reply to the form that `parsePhoneNumber` returns. Its format is not
 * documented, so any common one is accepted.
 * A number without a country code is one of `country`.
 *
 * @returns null if it is not a phone number.
 */
export function parseAnySpelling(text: string, country: CountryCode): PhoneNumber | null {
  const parsed = parseWhole(text, country);
  return parsed?.isPossible() ? toKept(parsed) : null;
}

/**
 * Parses the number to call in the vendor's reply. A person is about to dial it, so unlike
 * `parseAnySpelling` it accepts only numbers that exist and cost no more than an ordinary call.
 *
 * @returns null for any other text.
 */
export function parseCallNumber(text: string, country: CountryCode): PhoneNumber | null {
  const parsed = parseWhole(text, country);
  // Numbers without a country, such as satellite phones, may be expensive.
  return parsed?.isValid() && parsed.country !== undefined && !isUnsuitableCallNumber(parsed)
    ? toE164(parsed)
    : null;
}

/**
 * Formats a number of `country` in its national format, `090-1234-5678`, and any other with its country
 * code.
 */
export function formatPhoneNumber(
  phoneNumber: PhoneNumber,
  country: CountryCode | undefined,
): string {
  const parsed = parsePhoneNumberWithError(phoneNumber);
  const isNational = country !== undefined && parsed.country === country;
  return isNational ? parsed.formatNational() : parsed.formatInternational();
}

/** Formats a number as a caller from `caller` can dial it. */
export function formatForCaller(phoneNumber: PhoneNumber, caller: PhoneNumber): string {
  return formatPhoneNumber(phoneNumber, countryOf(caller));
}

/**
 * What a caller dials instead of a number to show a caller ID that is withheld by default; undefined where
 * their country has no prefix for that, or the call would go abroad.
 */
export function withCallerId(phoneNumber: PhoneNumber, caller: PhoneNumber): string | undefined {
  const country = countryOf(phoneNumber);
  const prefix = country && countryRules[country]?.callerIdPrefixes?.show;
  return prefix === undefined || country !== countryOf(caller)
    ? undefined
    : prefix + formatPhoneNumber(phoneNumber, country).replace(/\D/g, '');
}

/** The country of a number; undefined for one of no single country. */
function countryOf(phoneNumber: PhoneNumber): CountryCode | undefined {
  return parsePhoneNumberWithError(phoneNumber).country;
}

/** Formats a number with a dot for each digit between the first group and the last four digits. */
export function maskPhoneNumber(phoneNumber: PhoneNumber, country: CountryCode): string {
  const text = formatPhoneNumber(phoneNumber, country);
  const firstGap = /^[^+\d]*[+\d]*/.exec(text)?.[0].length ?? 0;
  const lastDigits = /(?:\d\D*){4}$/.exec(text)?.index ?? text.length;
  return text.replace(/\d/g, (digit, index: number) =>
    index < firstGap || index >= lastDigits ? digit : '•',
  );
}

/** An example of a country's mobile numbers in its national format, to show in the input field. */
export function examplePhoneNumber(country: CountryCode): string {
  return country === 'JP'
    ? '090-1234-5678'
    : (getExampleNumber(country, examples)?.formatNational() ?? '');
}

/** Whether a text is the code of a country whose phone numbers can be parsed. */
export function isCountryCode(text: string): text is CountryCode {
  return isSupportedCountry(text);
}

/**
 * Reads digits as they are dialled in a country. Its own prefix for calls abroad comes first; `00`, which
 * many people write for a plus everywhere, comes second.
 *
 * @returns `AMBIGUOUS` where both are numbers that exist, or the library's reason.
 */
function read(text: string, country: CountryCode): Result<ParsedPhoneNumber, string> {
  const { callerIdPrefixes } = countryRules[country] ?? {};
  const dialled = Object.values(callerIdPrefixes ?? {}).find((prefix) =>
    text.startsWith(prefix + 0),
  );
  const digits = dialled === undefined ? text : text.slice(dialled.length);
  const own = parse(digits, country);
  const abroad = digits.startsWith('00') ? parse(`+${digits.slice(2)}`, country) : own;
  if (!own.ok || !own.value.isValid()) {
    return abroad;
  }
  const isOther = abroad.ok && abroad.value.isValid() && abroad.value.number !== own.value.number;
  return isOther ? fail('AMBIGUOUS') : own;
}

function parse(digits: string, country: CountryCode): Result<ParsedPhoneNumber, string> {
  try {
    const parsed = parsePhoneNumberWithError(digits, { defaultCountry: country, extract: false });
    const current = Object.values(countryRules).reduce<string>(
      (number, { formerSpelling }) =>
        formerSpelling === undefined
          ? number
          : number.replace(formerSpelling.pattern, formerSpelling.now),
      parsed.number,
    );
    return succeed(current === parsed.number ? parsed : parsePhoneNumberWithError(current));
  } catch (error) {
    if (error instanceof ParseError) {
      return fail(error.message);
    }
    throw error;
  }
}

/** Parses a text that is a phone number and nothing else; null for any other. */
function parseWhole(text: string, country: CountryCode): ParsedPhoneNumber | null {
  if (text.length > PHONE_NUMBER_INPUT_MAX_LENGTH) {
    return null;
  }
  const normalized = normalize(text);
  const parsed = isDigits(normalized) ? read(normalized, country) : null;
  return parsed?.ok ? parsed.value : null;
}

function isDigits(text: string): boolean {
  return /^\+?\d+$/.test(text);
}

/** The number in E.164; null if it has more digits than E.164 allows, as some countries' numbers do. */
function toE164(parsed: ParsedPhoneNumber): PhoneNumber | null {
  return isPhoneNumber(parsed.number) ? parsed.number : null;
}

/** The number of a person's phone in the one form in which it is kept and compared; see `CountryRules`. */
function toKept(parsed: ParsedPhoneNumber): PhoneNumber | null {
  const spelling = parsed.country && countryRules[parsed.country]?.mobileSpelling;
  const number = toE164(parsed);
  const kept = spelling && number?.replace(spelling.abroad, spelling.kept);
  return isPhoneNumber(kept) ? kept : number;
}

function invalidNumberError(parsed: ParsedPhoneNumber, country: CountryCode): PhoneNumberError {
  switch (validatePhoneNumberLength(parsed.number)) {
    case 'TOO_SHORT':
      return { code: 'phone_number_too_short' };
    case 'TOO_LONG':
      return { code: 'phone_number_too_long' };
    default:
      return {
        code: 'phone_number_not_in_country',
        // The first of the countries that share a calling code is the main one.
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
    case 'AMBIGUOUS':
      return 'phone_number_ambiguous';
    default:
      return 'phone_number_unreadable';
  }
}
