import 'server-only';
import { fail, type Result, succeed } from '../shared/result.ts';

/** White space, and what a copied text can bring along unseen: U+200B, U+2060, and the BOM of a file. */
const EDGES = /^[\s\u200b\u2060\ufeff]+|[\s\u200b\u2060\ufeff]+$/g;
const QUOTED = /^(["'`])((?:(?!\1)[\s\S])*)\1$/;
/** Control characters except line breaks and tabs, and other invisible characters. */
const UNSEEN = /[^\P{Cc}\n\r\t]|[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]/u;

/**
 * Removes what was not meant to be part of a value: the quotes that `docker --env-file` keeps, the line
 * break at the end of a mounted secret, the byte order mark of some editors.
 *
 * @returns the value, or what is wrong with it if its meaning is unclear; reads on after the
 * variable's name.
 */
export function cleanValue(given: string): Result<string, string> {
  const trimmed = given.replace(EDGES, '');
  const value = unquote(trimmed);
  if (value === trimmed && /^["'`]|["'`]$/.test(value) && hasOddQuote(value)) {
    return fail(
      'has a quotation mark at one end that has none at the other: remove it, or put the whole value in quotes of another kind',
    );
  }
  const [unseen] = UNSEEN.exec(value) ?? [];
  if (unseen !== undefined) {
    const code = unseen.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return fail(`contains an invisible character (U+${code}): type the value again`);
  }
  return succeed(value);
}

function unquote(text: string): string {
  const [, , inner] = QUOTED.exec(text) ?? [];
  return inner === undefined ? text : unquote(inner.replace(EDGES, ''));
}

/** Whether the quotation mark at either end is one without a partner. */
function hasOddQuote(value: string): boolean {
  return [value.at(0), value.at(-1)].some(
    (mark = '') => /["'`]/.test(mark) && value.split(mark).length % 2 === 0,
  );
}
