import { describe, expect, it } from 'vitest';
import { messagesIn } from '../../http/language.ts';
import { errorCodes } from '../error-codes.ts';
import { type Language, languages } from '../language.ts';
import { crashMessages } from './crash.ts';
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

const allTextsIn = (language: Language) =>
  new Map(textsOf({ ...messagesIn(language), crash: crashMessages[language] }));
const japanese = allTextsIn('ja');

describe.each(languages)('messages in %s', (language) => {
  const texts = allTextsIn(language);

  it('have the same keys as the Japanese ones', () => {
    expect([...texts.keys()].toSorted()).toEqual([...japanese.keys()].toSorted());
  });

  it.each([...japanese])('%s: is not empty and has the same placeholders', (key, text) => {
    const translation = texts.get(key) ?? '';
    expect(translation.trim()).not.toBe('');
    expect(placeholdersIn(translation)).toEqual(placeholdersIn(text));
  });

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
