import { describe, expect, it } from 'vitest';
import { e164Schema, formatPhoneNumber, phoneNumberSchema } from './phone-number.ts';

describe('a phone number typed at the test phone', () => {
  it.each(['+819012345678', '090-1234-5678', '+81 90-1234-5678', '０９０１２３４５６７８'])(
    'is parsed to E.164: %s',
    (spelling) => {
      expect(phoneNumberSchema.parse(spelling)).toBe('+819012345678');
    },
  );

  it.each(['', 'hello', '110', '090-1234-56789012345678'])('is refused: %o', (input) => {
    expect(phoneNumberSchema.safeParse(input).success).toBe(false);
  });
});

describe('a phone number at the vendor', () => {
  it('is accepted in E.164', () => {
    expect(e164Schema.parse('+819012345678')).toBe('+819012345678');
  });

  it.each(['09012345678', '+81 90 1234 5678', '+81', '819012345678'])('is refused: %s', (input) => {
    expect(e164Schema.safeParse(input).success).toBe(false);
  });

  it('is formatted as E.164, national or international', () => {
    expect(formatPhoneNumber('+819012345678', 'e164')).toBe('+819012345678');
    expect(formatPhoneNumber('+819012345678', 'national')).toBe('09012345678');
    expect(formatPhoneNumber('+819012345678', 'international')).toBe('+81 90-1234-5678');
  });
});
