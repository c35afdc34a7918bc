import type { ErrorCode } from '../error-codes.ts';
import type { ja } from './ja.ts';

type Texts<T> = { readonly [Key in keyof T]: T[Key] extends string ? string : Texts<T[Key]> };

/** Every text of the pages and the API in one language. A missing key is a type error. */
export type Messages = Texts<typeof ja> & { readonly errors: Readonly<Record<ErrorCode, string>> };

export type LoginMessages = Messages['login'];
export type PasskeyMessages = Messages['passkeys'];
export type AccountMessages = Messages['account'];

/**
 * Replaces placeholders: `fillIn('{n} left', { n: '3' })` is `'3 left'`. Placeholders without a
 * value stay.
 */
export function fillIn(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : placeholder,
  );
}
