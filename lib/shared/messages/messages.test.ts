import { describe, expect, it } from 'vitest';
import { errorCodes } from '../error-codes.ts';
import { crashMessages } from './crash.ts';
import { en } from './en.ts';
import { ja } from './ja.ts';
import { fillIn } from './messages.ts';

/** All texts, with their dotted key paths. */
function textsOf(messages: object, path = ''): [string, string][] {
  return Object.entries(messages).flatMap(([key, text]: [string, unknown]) =>
    typeof text === 'object' && text !== null
      ? textsOf(text, `${path}${key}.`)
      : [[`${path}${key}`, String(text)] satisfies [string, string]],
  );
}

const placeholdersIn = (text: string) => (text.match(/\{\w+\}/g) ?? []).toSorted();

describe('messages', () => {
  const english = new Map(textsOf({ ...en, crash: crashMessages.en }));
  const japanese = new Map(textsOf({ ...ja, crash: crashMessages.ja }));

  it('have the same keys in both languages', () => {
    expect([...english.keys()].toSorted()).toEqual([...japanese.keys()].toSorted());
  });

  it.each([...japanese])(
    '%s: is not empty in either language and has the same placeholders',
    (key, text) => {
      const translation = english.get(key) ?? '';
      expect(text.trim()).not.toBe('');
      expect(translation.trim()).not.toBe('');
      expect(placeholdersIn(translation)).toEqual(placeholdersIn(text));
    },
  );

  it('include a text for every error code and no other', () => {
    expect(Object.keys(ja.errors).toSorted()).toEqual(errorCodes.toSorted());
  });
});

describe('fillIn', () => {
  it('replaces every occurrence of a placeholder', () => {
    expect(fillIn('{a} and {b} and {a}', { a: 'x', b: 2 })).toBe('x and 2 and x');
  });

  it('keeps placeholders without a value', () => {
    expect(fillIn('{a} {b}', { b: 1 })).toBe('{a} 1');
  });

  it('inserts values literally', () => {
    expect(fillIn('{a}', { a: '$& {b}', b: 'no' })).toBe('$& {b}');
  });
});
