import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { type CountryCode, getCountries, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { parseAnySpelling, parseCallNumber, parsePhoneNumber } from '#lib/phone/phone-number.ts';
import { phoneNumberSchema } from '#lib/shared/contract.ts';
import { defineTarget } from '../target.ts';
import { spellings, write } from './phone-spellings.ts';

/** Numbers that people cannot call from, as published by carriers. */
const barred: readonly RegExp[] = [
  ...[/^\+81(?:120|800|570|990|180)\d{6}/, /^\+81(?:1[0-9]{2})$/],
  ...[/^\+1(?:900|800|888|877|866|855|844|833)\d{7}$/, /^\+1\d?11$/],
  ...[/^\+44(?:9|800|808)\d+$/, /^\+49(?:900|137|180|118|800)\d+$/, /^\+33(?:80|89|81|82)\d+$/],
  ...[/^\+82(?:60|80)\d{7,}$/, /^\+61(?:190|1300|1800)\d+$/, /^\+39(?:800|89)\d+$/],
];

/** Emergency and service numbers, dialed alone or after a country code. */
const emergencies = [
  '110',
  '118',
  '119',
  '112',
  '911',
  '999',
  '000',
  '111',
  '113',
  '117',
  '171',
  '177',
  '104',
  '15',
  '17',
  '18',
];

const countryChoice = fc.oneof(fc.constant<CountryCode>('JP'), fc.constantFrom(...getCountries()));
const hostileTexts = fc.oneof(
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  {
    weight: 3,
    arbitrary: fc.string({
      unit: fc.constantFrom(...'0123456789+-() ０８TEL:;=,#*xext٠٩०๙'),
      maxLength: 40,
    }),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom('+', '00', '', '+81', '+49', '+1', '+44', '+883', '+870', '0'),
        fc.stringMatching(/^\d{0,17}$/),
      )
      .map((parts) => parts.join('')),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom('', '+81', '+810', '0081', '184', '186', '+1', '+44', '0'),
        fc.constantFrom(...emergencies, '0120', '0570', '0990', '0800', '900', '09', '0180'),
        fc.stringMatching(/^\d{0,8}$/),
      )
      .map((parts) => parts.join('')),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        spellings,
        fc.nat(60),
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 3 }),
          fc.constantFrom(';ext=5', 'x5', '#', '*', '0', '+', '184'),
        ),
      )
      .map(([spelling, at, more]) => {
        const text = write(spelling);
        return text.slice(0, at) + more + text.slice(at);
      }),
  },
  {
    weight: 1,
    arbitrary: fc.string({
      unit: fc.constantFrom('0', '9', '+', '\u200b', '９'),
      minLength: 60,
      maxLength: 20_000,
    }),
  },
);

export const phoneInputs = defineTarget({
  name: 'phone-inputs',
  holds:
    'any input is refused or read as one E.164 number that parses to itself and is no emergency, toll-free or premium number',
  batchSize: 2_000,
  open: () => ({
    values: fc.tuple(hostileTexts, countryChoice, countryChoice),
    check: checkHostile,
  }),
});

function checkHostile([text, country, otherCountry]: [string, CountryCode, CountryCode]): void {
  const read = parsePhoneNumber(text, country);
  for (const number of [parseAnySpelling(text, country), parseCallNumber(text, country)]) {
    assert.ok(number === null || phoneNumberSchema.safeParse(number).success);
  }
  if (!read.ok) {
    return;
  }
  const { value } = read;
  assert.ok(phoneNumberSchema.safeParse(value).success, 'is not E.164');
  assert.ok(!barred.some((line) => line.test(value)), `accepts ${value}`);
  const national = parsePhoneNumberFromString(value)?.nationalNumber ?? '';
  assert.ok(!emergencies.includes(national), `accepts ${value}`);
  assert.deepEqual(parsePhoneNumber(value, otherCountry), read, 'does not parse to itself');
  assert.equal(parseAnySpelling(text, country), value, 'is parsed differently in vendor answers');
}
