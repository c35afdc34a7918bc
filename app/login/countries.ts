import 'server-only';
import { type CountryCode, callingCodeOf, countryCodes } from '#lib/phone/phone-number.ts';
import type { Language } from '#lib/shared/language.ts';

/**
 * The countries to choose from, by their code, as people of a language name and order them. The
 * site's own comes first: it is what counts when nothing is chosen.
 */
export function nameCountries(
  language: Language,
  defaultCountry: CountryCode,
): Readonly<Record<string, string>> {
  const names = new Intl.DisplayNames([language], { type: 'region' });
  const { compare } = new Intl.Collator(language);
  const named = countryCodes().map(
    (code) => [code, `${names.of(code) ?? code} +${callingCodeOf(code)}`] as const,
  );
  const isFirst = (code: string) => Number(code !== defaultCountry);
  return Object.fromEntries(
    named.toSorted(
      ([one, oneName], [other, otherName]) =>
        isFirst(one) - isFirst(other) || compare(oneName, otherName),
    ),
  );
}
