import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cookieValues, onlyValue } from './cookie-values.ts';

const NAME = '__Host-call-login-session';

describe('the value of a cookie', () => {
  it.each([
    [`${NAME}=abc`, 'abc'],
    [`a=1; ${NAME}=abc; b=2`, 'abc'],
    [`a=1;${NAME}=abc;b=2`, 'abc'],
    [`  ${NAME}=abc  `, 'abc'],
    [`;; ${NAME}=abc;`, 'abc'],
    [`${NAME}=a=b==`, 'a=b=='],
    [`${NAME}=`, ''],
  ])('is read from %j', (header, expected) => {
    expect(onlyValue(cookieValues(header, NAME))).toBe(expected);
  });

  it.each([
    '',
    ';',
    NAME,
    `${NAME}x=abc`,
    `x${NAME}=abc`,
    `${NAME.slice('__Host-'.length)}=abc`,
    `${NAME.toLowerCase()}=abc`,
    `a=${NAME}=abc`,
    `${NAME} =abc`,
    `\u00a0${NAME}=abc`,
    `\ufeff${NAME}=abc`,
    `\u2003${NAME}=abc`,
  ])('is missing in %j', (header) => {
    expect(onlyValue(cookieValues(header, NAME))).toBeNull();
  });

  it.each([
    `${NAME}=abc; ${NAME}=abc`,
    `${NAME}=abc; ${NAME}=planted`,
    `${NAME}=planted; a=1; ${NAME}=abc`,
    `${NAME}=; ${NAME}=abc`,
  ])('is rejected when the cookie was sent twice: %j', (header) => {
    expect(onlyValue(cookieValues(header, NAME))).toBeNull();
  });

  it('is a substring of the header or null, for any header', () => {
    const header = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom(NAME, '=', ';', ' ', 'a')).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(header, (text) => {
        const value = onlyValue(cookieValues(text, NAME));
        expect(value === null || text.includes(`${NAME}=${value}`)).toBe(true);
      }),
    );
  });
});
