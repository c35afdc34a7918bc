import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  getExampleNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { parseAnySpelling, parseCallNumber, parsePhoneNumber } from '#lib/phone/phone-number.ts';
import { PHONE_NUMBER_INPUT_MAX_LENGTH } from '#lib/shared/phone-number.ts';
import { defineTarget } from '../target.ts';

const countries = getCountries();

/** A mobile number: its country, in E.164 and in the national format. */
interface MobileNumber {
  country: CountryCode;
  e164: string;
  national: string;
}

/** Variations of the example number of each country. */
const mobileNumbers: fc.Arbitrary<MobileNumber> = fc
  .record({
    country: fc.oneof(fc.constant<CountryCode>('JP'), fc.constantFrom(...countries)),
    end: fc.stringMatching(/^\d{6}$/),
  })
  .map(({ country, end }) => mobileNumberNear(country, end));

function mobileNumberNear(country: CountryCode, end: string): MobileNumber {
  const example = getExampleNumber(country, examples);
  const e164 = example?.number ?? '+819012345678';
  const changed = e164.length > 10 ? e164.slice(0, -end.length) + end : e164;
  // A changed number may be invalid or belong to another country.
  const parsed = parsePhoneNumberFromString(changed);
  const isUsable =
    parsed?.isValid() && parsed.country === country && parsed.getType() === example?.getType();
  const number = isUsable ? parsed : example;
  return {
    country,
    e164: number?.number ?? e164,
    national: number?.formatNational() ?? '090-1234-5678',
  };
}

/** The zeros of other digits: scripts of phone keyboards, and mathematical digits from copied text. */
const zeros = [0xff10, 0x0660, 0x06f0, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7f6];
const separators = [
  ' ',
  '-',
  '.',
  '\u00a0',
  '\u3000',
  '‐',
  '‑',
  '–',
  '—',
  '−',
  'ー',
  'ｰ',
  '／',
  '・',
  '\t',
];
const invisibles = [
  '\u200b',
  '\u200c',
  '\u200d',
  '\u2060',
  '\ufeff',
  '\u200e',
  '\u200f',
  '\u202a',
  '\u202d',
  '\u202e',
  '\u202c',
  '\u2066',
  '\u2069',
  '\u00ad',
  '\0',
  '\n',
];
const labels = ['', '', '', '', 'TEL: ', 'tel:', 'Phone ', '電話：', '携帯電話 ', '  '];

export interface Spelling {
  number: MobileNumber;
  form: 'national' | 'plus' | 'plus_zero_zero' | 'twice' | 'trunk' | 'hidden' | 'shown';
  label: string;
  zero: number | null;
  dressing: readonly string[];
}

export const spellings: fc.Arbitrary<Spelling> = fc.record({
  number: mobileNumbers,
  form: fc.constantFrom('national', 'plus', 'plus_zero_zero', 'twice', 'trunk', 'hidden', 'shown'),
  label: fc.constantFrom(...labels),
  zero: fc.option(fc.constantFrom(...zeros)),
  dressing: fc.array(fc.constantFrom('', '', '', '', '', ...separators, ...invisibles), {
    minLength: 40,
    maxLength: 40,
  }),
});

export const phoneSpellings = defineTarget({
  name: 'phone-spellings',
  holds: 'every usual spelling of a mobile number of any country is parsed to its E.164 number',
  batchSize: 2_000,
  open: () => ({ values: spellings, check: checkSpelling }),
});

function checkSpelling(spelling: Spelling): void {
  const { number } = spelling;
  const text = write(spelling);
  const read = parsePhoneNumber(text, number.country);
  if (text.length > PHONE_NUMBER_INPUT_MAX_LENGTH) {
    assert.ok(!read.ok && read.error.code === 'phone_number_too_long');
    return;
  }
  assert.ok(
    read.ok,
    `${JSON.stringify(text)} of ${number.country}: ${read.ok ? '' : read.error.code}`,
  );
  // An Argentine mobile number is kept without its 9.
  const kept = number.e164.replace(/^\+549(?=\d{10}$)/, '+54');
  assert.equal(read.value, kept);
  assert.equal(parseAnySpelling(text, number.country), kept);
  assert.equal(parseCallNumber(text, number.country), number.e164);
}

export function write({ number, form, label, zero, dressing }: Spelling): string {
  const plain = shape(number, form);
  const digits =
    zero === null
      ? plain
      : plain.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));
  return (
    label + [...digits].map((character, index) => character + (dressing[index] ?? '')).join('')
  );
}

function shape({ country, e164, national }: MobileNumber, form: Spelling['form']): string {
  const code = getCountryCallingCode(country);
  const significant = e164.slice(1 + code.length);
  switch (form) {
    case 'national':
      return national;
    case 'plus':
      return e164;
    case 'plus_zero_zero':
      return `00${e164.slice(1)}`;
    case 'twice':
      return `+${code}${e164}`;
    // A common notation in Japan and Germany; elsewhere the zero may be part of the number.
    case 'trunk':
      return country === 'JP' || country === 'DE' ? `+${code}(0)${significant}` : e164;
    case 'hidden':
      return country === 'JP' ? `184${national}` : national;
    case 'shown':
      return country === 'JP' ? `186-${national}` : national;
  }
}
