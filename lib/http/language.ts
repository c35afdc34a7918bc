import 'server-only';
import { match } from '@formatjs/intl-localematcher';
import Negotiator from 'negotiator';
import { cookieValues, onlyValue } from '../cookies/cookie-values.ts';
import { DEFAULT_LANGUAGE, isLanguage, type Language, languages } from '../shared/language.ts';
import { en } from '../shared/messages/en.ts';
import { ja } from '../shared/messages/ja.ts';
import type { Messages } from '../shared/messages/messages.ts';
import { memoizeLatest } from './memoize.ts';
import type { HeaderReader } from './route-request.ts';

/** Remembers what a person chose with the switch, for a year. Says nothing about who they are. */
export const LANGUAGE_COOKIE = 'language';

const catalogues: Readonly<Record<Language, Messages>> = { ja, en };

/** Every text in one language. */
export function messagesIn(language: Language): Messages {
  return catalogues[language];
}

/** The language of a request: the one chosen with the switch, else the best of Accept-Language. */
export function languageOf(given: HeaderReader): Language {
  const chosen = onlyValue(cookieValues(given.get('cookie') ?? '', LANGUAGE_COOKIE));
  return isLanguage(chosen) ? chosen : negotiateLanguage(given.get('accept-language') ?? '');
}

/** The best of our languages for an Accept-Language header (RFC 9110, 12.5.4). Never throws. */
export const negotiateLanguage = memoizeLatest((acceptLanguage): Language => {
  const wanted = new Negotiator({ headers: { 'accept-language': acceptLanguage } })
    .languages()
    .filter(isLanguageTag);
  const best = match(wanted, languages, DEFAULT_LANGUAGE);
  return isLanguage(best) ? best : DEFAULT_LANGUAGE;
});

function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
