import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { en } from '../shared/messages/en.ts';
import { ja } from '../shared/messages/ja.ts';
import { messagesIn, negotiateLanguage } from './language.ts';

describe('the negotiated language', () => {
  it.each([
    ['ja', 'ja'],
    ['ja-JP,ja;q=0.9,en;q=0.8', 'ja'],
    ['en', 'en'],
    ['en-US,en;q=0.9', 'en'],
    ['EN-gb', 'en'],
    ['en;q=0.5, ja;q=0.4', 'en'],
    ['ja;q=0.5, en', 'en'],
    ['ja;q=0.1, en-GB;q=0.9', 'en'],
    ['fr, en;q=0.1', 'en'],
    ['de;q=1, fr;q=0.9, ja;q=0.2, en;q=0.1', 'ja'],
    ['ja;q=0, en', 'en'],
    ['en-u-ca-buddhist', 'en'],
  ])('for %j is %s', (header, expected) => {
    expect(negotiateLanguage(header)).toBe(expected);
  });

  it.each([
    '',
    '*',
    'fr',
    'en;q=0',
    'x-foo',
    'i-klingon',
    '@@',
    ';;;',
    'en_US',
    'en-',
    'a'.repeat(10_000),
  ])('is Japanese by default: %j', (header) => {
    expect(negotiateLanguage(header)).toBe('ja');
  });

  it('is one of the supported ones for any header', () => {
    const header = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('en', 'ja', 'zh-Hant', '*', ',', ';q=', '0.5', '-', 'x', ' ', '1'))
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(header, (text) => {
        expect(['ja', 'en']).toContain(negotiateLanguage(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it('costs little, however many languages a header of 16 KiB names', () => {
    const letter = (index: number) => String.fromCharCode(97 + (index % 26));
    const tags = Array.from(
      { length: 2_700 },
      (_, index) => `${letter(index)}${letter(index * 7)}-${letter(index)}${letter(index * 3)}`,
    );
    // CPU, not time: other tests share the machine.
    const before = process.cpuUsage();
    negotiateLanguage(tags.join(','));
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(250);
  });
});

it('returns the messages of each language', () => {
  expect(messagesIn('ja')).toBe(ja);
  expect(messagesIn('en')).toBe(en);
});
