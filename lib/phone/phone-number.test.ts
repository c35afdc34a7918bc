import fc from 'fast-check';
import { getCountries, getExampleNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { describe, expect, it } from 'vitest';
import { phoneNumberSchema } from '../shared/contract.ts';
import {
  examplePhoneNumber,
  formatForCaller,
  formatPhoneNumber,
  isCountryCode,
  maskPhoneNumber,
  parseAnySpelling,
  parseCallNumber,
  parsePhoneNumber,
  withCallerId,
} from './phone-number.ts';

const E164 = /^\+[1-9]\d{3,14}$/;

function codeOf(input: string, country: Parameters<typeof parsePhoneNumber>[1] = 'JP') {
  const parsed = parsePhoneNumber(input, country);
  return parsed.ok ? parsed.value : parsed.error.code;
}

describe('parsePhoneNumber reads a number as it is dialled in its country', () => {
  it.each([
    ['186 0123 4567', 'CN', '+8618601234567'],
    ['18601234567', 'CN', '+8618601234567'],
    ['184 0123 4567', 'CN', '+8618401234567'],
    ['0011 81 90-1234-5678', 'AU', '+819012345678'],
    ['001-81-90-1234-5678', 'KR', '+819012345678'],
    ['0015 81 90 1234 5678', 'BR', '+819012345678'],
    ['011 81 90-1234-5678', 'US', '+819012345678'],
    ['+52 1 55 1234 5678', 'JP', '+525512345678'],
    ['1 55 1234 5678', 'MX', '+525512345678'],
    ['044 55 1234 5678', 'MX', '+525512345678'],
    ['+52 045 55 1234 5678', 'JP', '+525512345678'],
    ['01 55 1234 5678', 'MX', '+525512345678'],
    ['8~10 81 90-1234-5678', 'RU', '+819012345678'],
    ['06 1234 5678', 'IT', '+390612345678'],
    ['+55 (0)11 91234-5678', 'BR', '+5511912345678'],
    // One Argentine phone, called from its country and from abroad.
    ['+54 11 6677 3399', 'JP', '+541166773399'],
    ['+54 9 11 6677 3399', 'JP', '+541166773399'],
    ['011 15 6677-3399', 'AR', '+541166773399'],
    ['9 11 6677 3399', 'AR', '+541166773399'],
    // A Singaporean call to Singapore, or a number of Alabama with the prefix of most countries.
    ['001 65 9812 3456', 'SG', 'phone_number_ambiguous'],
    ['+65 9812 3456', 'SG', '+6598123456'],
    ['+1 659 812 3456', 'SG', '+16598123456'],
  ] as const)('%s in %s', (spelling, country, expected) => {
    expect(codeOf(spelling, country)).toBe(expected);
  });

  it.each(getCountries())('in %s, what we write back is the same number', (country) => {
    const example = getExampleNumber(country, examples)?.number ?? '';
    fc.assert(
      fc.property(fc.stringMatching(/^\d{4}$/), (end) => {
        const parsed = parsePhoneNumber(example.slice(0, -4) + end, country);
        if (parsed.ok) {
          expect(codeOf(formatPhoneNumber(parsed.value, country), country)).toBe(parsed.value);
        }
      }),
      { numRuns: 20 },
    );
  });
});

it('an Argentine caller is one phone in every spelling, whatever types log in, and a number to call stays as it is', () => {
  for (const spelling of ['+54 9 11 6677 3399', '+54 11 6677 3399']) {
    expect(parseAnySpelling(spelling, 'JP')).toBe('+541166773399');
    const accepted = parsePhoneNumber(spelling, 'AR', new Set(['mobile']));
    expect(accepted).toEqual({ ok: true, value: '+541166773399' });
  }
  expect(parseCallNumber('+54 9 11 6677 3399', 'JP')).toBe('+5491166773399');
});

describe('the number to call', () => {
  const [japanese, american] = [
    phoneNumberSchema.parse('+815012345678'),
    phoneNumberSchema.parse('+12125550100'),
  ];
  const caller = (text: string) => phoneNumberSchema.parse(text);

  it('is written as its caller can dial it', () => {
    expect(formatForCaller(japanese, caller('+819012345678'))).toBe('050-1234-5678');
    expect(formatForCaller(japanese, caller('+12125550199'))).toBe('+81 50 1234 5678');
    expect(formatForCaller(american, caller('+12125550199'))).toBe('(212) 555-0100');
  });

  it('has a prefix that shows the caller ID in Japan alone', () => {
    expect(withCallerId(japanese, caller('+819012345678'))).toBe('18605012345678');
    expect(withCallerId(japanese, caller('+12125550199'))).toBeUndefined();
    expect(withCallerId(american, caller('+12125550199'))).toBeUndefined();
    expect(withCallerId(american, caller('+819012345678'))).toBeUndefined();
  });
});

describe('parsePhoneNumber normalizes every common format of a number', () => {
  it.each([
    '09012345678',
    '090-1234-5678',
    '090 1234 5678',
    '  090-1234-5678  ',
    '090\u30001234\u30005678',
    '090\n1234\t5678',
    '090.1234.5678',
    '090/1234/5678',
    '(090)1234-5678',
    '（090）1234－5678',
    '「090」1234【5678】',
    '０９０１２３４５６７８',
    '０９０－１２３４－５６７８',
    '０９０ー１２３４ー５６７８',
    '090ｰ1234ｰ5678',
    '090‐1234‐5678',
    '090‑1234‑5678',
    '090–1234–5678',
    '090—1234—5678',
    '090―1234―5678',
    '090−1234−5678',
    '090─1234─5678',
    '090〜1234〜5678',
    '090_1234_5678',
    '090-1234-5678.',
    '+819012345678',
    '+81 90-1234-5678',
    '＋８１９０１２３４５６７８',
    '(+81)90-1234-5678',
    '+81 (0)90-1234-5678',
    '+81(0)90-1234-5678',
    '+8109012345678',
    '819012345678',
    '81 90 1234 5678',
    '0081 90 1234 5678',
    '00 81 90 1234 5678',
    '0081 090 1234 5678',
    '010-81-90-1234-5678',
    '9012345678',
    '+81+819012345678',
    '+81 +81 90-1234-5678',
    '+81 090-1234-5678',
    'TEL: 090-1234-5678',
    'tel:+81-90-1234-5678',
    'ＴＥＬ：０９０－１２３４－５６７８',
    'Tel. 090-1234-5678',
    '℡090-1234-5678',
    'Phone: 090-1234-5678',
    '電話番号：090-1234-5678',
    '電話番号 ０９０ー１２３４ー５６７８',
    '【電話】090-1234-5678',
    '携帯：090-1234-5678',
    '184 090-1234-5678',
    '186-090-1234-5678',
    '18609012345678',
    '\u202a090-1234-5678\u202c',
    '\u2066+81 90 1234 5678\u2069',
    '\u200e090\u200b1234\u00ad5678\ufeff',
    '٠٩٠١٢٣٤٥٦٧٨',
    '١٨٦ ٠٩٠ ١٢٣٤ ٥٦٧٨',
    '٠٠٨١ ٩٠ ١٢٣٤ ٥٦٧٨',
    '۰۹۰۱۲۳۴۵۶۷۸',
    '०९०-१२३४-५६७८',
    '০৯০১২৩৪৫৬৭৮',
    '၀၉၀၁၂၃၄၅၆၇၈',
    '๐๙๐ ๑๒๓๔ ๕๖๗๘',
    '0️⃣9️⃣0️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣',
    '☎ 090-1234-5678',
    '☎️090-1234-5678',
    '☏ 090-1234-5678',
    '✆090-1234-5678',
    '📱090-1234-5678',
    '手机：090-1234-5678',
    '전화 090-1234-5678',
  ])('%j', (spelling) => {
    expect(codeOf(spelling)).toBe('+819012345678');
  });

  const separators = [' ', '\u3000', '-', '‐', '–', '−', 'ー', '.', '/', '(', ')', '（', '）'];
  const invisibles = ['\u200b', '\u00ad', '\u202a', '\u202c', '\u2066', '\u2069', '\ufeff', '\t'];
  const labels = ['', 'TEL:', 'TEL: ', '電話番号：', '携帯 ', 'ｔｅｌ：', '【電話】'];
  const forms: readonly ((digits: string) => string)[] = [
    (digits) => `0${digits}`,
    (digits) => `+81${digits}`,
    (digits) => `+810${digits}`,
    (digits) => `0081${digits}`,
    (digits) => `+81+81${digits}`,
    (digits) => `1840${digits}`,
    (digits) => `1860${digits}`,
  ];
  const japanese = fc
    .tuple(
      fc.constantFrom('50', '60', '70', '80', '90'),
      fc.integer({ min: 1, max: 9 }),
      fc.stringMatching(/^\d{7}$/),
    )
    .map(([prefix, first, rest]) => `${prefix}${first}${rest}`);
  const widen = (digit: string) =>
    /\d/.test(digit) ? String.fromCharCode(digit.charCodeAt(0) + 0xfee0) : digit;
  const spelling = fc
    .record({
      digits: japanese,
      form: fc.constantFrom(...forms),
      label: fc.constantFrom(...labels),
      decoration: fc.array(
        fc.record({
          isWide: fc.boolean(),
          after: fc.constantFrom('', '', '', ...separators, ...invisibles),
        }),
        { minLength: 18, maxLength: 18 },
      ),
    })
    .map(({ digits, form, label, decoration }) => ({
      expected: `+81${digits}`,
      text:
        label +
        [...form(digits)]
          .map((character, index) => {
            const { isWide = false, after = '' } = decoration[index] ?? {};
            return (isWide ? widen(character) : character) + after;
          })
          .join(''),
    }));

  it('in any combination', () => {
    fc.assert(
      fc.property(spelling, ({ text, expected }) => {
        expect(codeOf(text)).toBe(expected);
        expect(parseAnySpelling(text, 'JP')).toBe(expected);
        expect(parseCallNumber(text, 'JP')).toBe(expected);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('parsePhoneNumber accepts', () => {
  it.each([
    ['060-1234-5678', '+816012345678'],
    ['070-1234-5678', '+817012345678'],
    ['080-1234-5678', '+818012345678'],
    ['090-1234-5678', '+819012345678'],
    ['050-1234-5678', '+815012345678'],
    ['03-1234-5678', '+81312345678'],
    ['06-6123-4567', '+81661234567'],
  ])('%s', (input, expected) => {
    expect(codeOf(input)).toBe(expected);
  });

  it('a number of any country with its calling code', () => {
    expect(codeOf('+1 212 555 0100')).toBe('+12125550100');
    expect(codeOf('+86 138 0013 8000')).toBe('+8613800138000');
    expect(codeOf('0044 7400 123456')).toBe('+447400123456');
  });

  it('a number without a calling code as one of the given country', () => {
    expect(codeOf('(212) 555-0100', 'US')).toBe('+12125550100');
    expect(codeOf('07400 123456', 'GB')).toBe('+447400123456');
    expect(codeOf('090-1234-5678', 'US')).toBe('phone_number_too_long');
    expect(codeOf('+81 90-1234-5678', 'US')).toBe('+819012345678');
  });
});

describe('parsePhoneNumber refuses', () => {
  it.each([
    ['', 'phone_number_missing'],
    [' \u3000\n\u200b', 'phone_number_missing'],
    ['()-', 'phone_number_missing'],
    ['TEL:', 'phone_number_missing'],
    ['abc', 'phone_number_unreadable'],
    ['090-ABCD-5678', 'phone_number_unreadable'],
    ['taro@example.com', 'phone_number_unreadable'],
    ['taro+819012345678@example.com', 'phone_number_unreadable'],
    ["09012345678'; drop table users", 'phone_number_unreadable'],
    ['<script>', 'phone_number_unreadable'],
    ['+', 'phone_number_unreadable'],
    ['090-1234-5678 ext. 5', 'phone_number_unreadable'],
    ['\u{1f4de}', 'phone_number_missing'],
    ['090', 'phone_number_too_short'],
    ['110', 'phone_number_emergency'],
    ['+81 90', 'phone_number_too_short'],
    ['+1 212 555', 'phone_number_too_short'],
    ['0901234567890123456789', 'phone_number_too_long'],
    ['+1 212 555 0100 0', 'phone_number_too_long'],
    ['9'.repeat(65), 'phone_number_too_long'],
    [`${' '.repeat(54)}09012345678`, 'phone_number_too_long'],
    ['+999 1234567', 'phone_number_unknown_country'],
    ['+0 123456789', 'phone_number_unknown_country'],
    ['0600-1234-5678', 'phone_number_not_in_country'],
    ['+81 60 0123 4567', 'phone_number_not_in_country'],
    ['１１９', 'phone_number_emergency'],
    ['0120-123-456', 'phone_number_toll_free'],
    ['0800-123-4567', 'phone_number_toll_free'],
    ['0570-012-345', 'phone_number_cannot_call'],
    ['0990-512-345', 'phone_number_premium'],
    ['020-4123-4567', 'phone_number_cannot_call'],
    ['+1 800 234 5678', 'phone_number_toll_free'],
    ['+1 900 234 5678', 'phone_number_premium'],
  ])('%j as %s', (input, code) => {
    expect(codeOf(input)).toBe(code);
  });

  it.each([
    ['03-1234-5678', ['mobile', 'ip'], 'phone_number_landline_refused'],
    ['050-3123-4567', ['mobile', 'landline'], 'phone_number_ip_refused'],
    ['090-1234-5678', ['landline', 'ip'], 'phone_number_cannot_call'],
    ['03-1234-5678', ['landline'], null],
    ['050-3123-4567', ['ip'], null],
    ['090-1234-5678', ['mobile'], null],
    // North American mobile and landline numbers cannot be told apart.
    ['+1 415 555 2671', ['mobile'], null],
  ] as const)('types that are not accepted: %j with %j is %s', (input, accepted, code) => {
    const parsed = parsePhoneNumber(input, 'JP', new Set(accepted));
    expect(parsed.ok ? null : parsed.error.code).toBe(code);
  });

  it('a number that does not exist, with the country that has no such number', () => {
    expect(parsePhoneNumber('+1 012 345 6789', 'JP')).toEqual({
      ok: false,
      error: { code: 'phone_number_not_in_country', country: 'US' },
    });
    expect(parsePhoneNumber('0600-1234-5678', 'JP')).toMatchObject({ error: { country: 'JP' } });
  });

  it.each(['090-1111-2222 +81 90 3333 4444', '+819011112222 +819033334444'])(
    'two numbers instead of taking one of them: %j',
    (input) => {
      expect(codeOf(input)).toBe('phone_number_unreadable');
    },
  );

  it('letters in front of a complete number instead of dropping them', () => {
    expect(codeOf('abc +81 90 1234 5678')).toBe('phone_number_unreadable');
  });
});

describe('parsing any text', () => {
  const countries = fc.constantFrom(...getCountries());
  const inputs = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 70 }),
    fc.string({ unit: fc.constantFrom(...'0123456789+-() ０８TEL:;='), maxLength: 24 }),
    fc
      .tuple(fc.constantFrom('+', '+49', '+43', '00', ''), fc.stringMatching(/^\d{0,17}$/))
      .map((parts) => parts.join('')),
  );

  it('never throws, and accepted numbers are E.164 and parse to themselves', () => {
    fc.assert(
      fc.property(inputs, countries, (input, country) => {
        for (const value of [parseAnySpelling(input, country), parseCallNumber(input, country)]) {
          expect(value ?? '+81312345678').toMatch(E164);
        }
        const parsed = parsePhoneNumber(input, country);
        if (parsed.ok) {
          expect(parsed.value).toMatch(E164);
          expect(parsePhoneNumber(parsed.value, country)).toEqual(parsed);
          expect(parseAnySpelling(parsed.value, country)).toBe(parsed.value);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([4, 13, 14, 15, 16])('never throws for a German number of %i digits', (length) => {
    const input = `+49${'30123456789012345'.slice(0, length)}`;
    expect(['ok', 'refused']).toContain(parsePhoneNumber(input, 'JP').ok ? 'ok' : 'refused');
    expect(parseCallNumber(input, 'JP') ?? input).toBe(input);
    expect(parseAnySpelling(input, 'JP') ?? input).toBe(input);
  });

  it('parses the formatted numbers of every country', () => {
    for (const country of getCountries()) {
      const parsed = parsePhoneNumber(examplePhoneNumber(country), country);
      if (!parsed.ok) {
        // The metadata has no example, or one of a type that cannot call.
        continue;
      }
      for (const spelling of [
        formatPhoneNumber(parsed.value, country),
        formatPhoneNumber(parsed.value, country === 'JP' ? 'US' : 'JP'),
      ]) {
        expect(parsePhoneNumber(spelling, country), `${country} ${spelling}`).toEqual(parsed);
      }
    }
  });
});

describe('parseAnySpelling', () => {
  it('accepts types that parsePhoneNumber refuses, since the number is only compared', () => {
    expect(parseAnySpelling('0120-123-456', 'JP')).toBe('+81120123456');
  });

  it.each(['', 'abc', 'null', '110', '+999123456789', '[object Object]'])('rejects %j', (text) => {
    expect(parseAnySpelling(text, 'JP')).toBeNull();
  });
});

describe('parseCallNumber', () => {
  it.each([
    ['+815098760001', '+815098760001'],
    ['050-9876-0001', '+815098760001'],
    ['0120-123-456', '+81120123456'],
    ['0800-123-4567', '+818001234567'],
    ['03-1234-5678', '+81312345678'],
  ])('accepts %s', (text, expected) => {
    expect(parseCallNumber(text, 'JP')).toBe(expected);
  });

  it.each([
    '',
    '110',
    '119',
    '118',
    '104',
    '911',
    '+81110',
    '0990-512-345',
    '0570-012-345',
    '020-4123-4567',
    '+1 900 234 5678',
    'javascript:alert(1)',
    'tel:110',
    '0600-1234-5678',
    '+999 1234567',
    '5'.repeat(200),
    '*#06#',
  ])('rejects %j', (text) => {
    expect(parseCallNumber(text, 'JP')).toBeNull();
  });

  it('rejects a text that contains more than a number', () => {
    for (const text of [`${'+815098760001'.padEnd(64)}9`, '+815098760001,,,9', 'x+815098760001']) {
      expect(parseCallNumber(text, 'JP'), text).toBeNull();
      expect(parseAnySpelling(text, 'JP'), text).toBeNull();
    }
  });
});

describe('formatPhoneNumber', () => {
  it('uses the national format within the country and the international one elsewhere', () => {
    const phoneNumber = phoneNumberSchema.parse('+819012345678');
    expect(formatPhoneNumber(phoneNumber, 'JP')).toBe('090-1234-5678');
    expect(formatPhoneNumber(phoneNumber, 'US')).toBe('+81 90 1234 5678');
    const toll = phoneNumberSchema.parse('+81120123456');
    expect(formatPhoneNumber(toll, 'JP')).toBe('0120-123-456');
  });
});

it('examplePhoneNumber returns a number that parsePhoneNumber accepts', () => {
  expect(codeOf(examplePhoneNumber('JP'))).toBe('+819012345678');
  expect(parsePhoneNumber(examplePhoneNumber('US'), 'US').ok).toBe(true);
});

it('isCountryCode is true for the codes of supported countries only', () => {
  expect(['JP', 'US', 'GB'].every(isCountryCode)).toBe(true);
  expect(['jp', 'XX', '', '001', 'constructor', '__proto__'].some(isCountryCode)).toBe(false);
});

describe('maskPhoneNumber', () => {
  it.each([
    ['+819012345678', 'JP', '090-••••-5678'],
    ['+81312345678', 'JP', '03-••••-5678'],
    ['+81460812345', 'JP', '0460-••-2345'],
    ['+819012345678', 'US', '+81 •• •••• 5678'],
    ['+14155552671', 'US', '(415) •••-2671'],
    ['+6421123456', 'JP', '+64 •• ••3 456'],
  ] as const)('shows the beginning and end of %s in %s: %s', (phoneNumber, country, masked) => {
    expect(maskPhoneNumber(phoneNumberSchema.parse(phoneNumber), country)).toBe(masked);
  });
});
