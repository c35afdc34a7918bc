import type { ErrorCode } from '../error-codes.ts';
import type { ja } from './ja.ts';

type Texts<T> = { readonly [Key in keyof T]: T[Key] extends string ? string : Texts<T[Key]> };

/** Every text of the pages and the API, in one language. A missing one does not compile. */
export type Messages = Texts<typeof ja> & { readonly errors: Readonly<Record<ErrorCode, string>> };

export type SiteMessages = Messages['site'];
export type LoginMessages = Messages['login'];
export type HandoffMessages = Messages['handoff'];
export type AccountMessages = Messages['account'];

/** Puts values into a text: `fillIn('{n} left', { n: '3' })` is `'3 left'`. */
export function fillIn(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : placeholder,
  );
}
