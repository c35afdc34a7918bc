import type { Language } from '../language.ts';
import { fillIn, type Messages } from './messages.ts';

/** What the sentence about a problem is made of: the fields of an error reply. */
export interface ProblemFacts<Code extends string = string> {
  code: Code;
  /** ISO 3166-1 alpha-2, for `phone_number_not_in_country`. */
  country?: string | undefined;
  retry_after_seconds?: number | undefined;
}

/** The sentence a person reads, in their language: a general one if the code is of a newer version than the page. */
export function problemText(
  { code, country, retry_after_seconds: retryAfterSeconds = 60 }: ProblemFacts,
  { errors, language }: { errors: Messages['errors']; language: Language },
): string {
  const [, text = errors.internal_error] =
    Object.entries(errors).find(([each]) => each === code) ?? [];
  return fillIn(text, {
    wait: duration(retryAfterSeconds, language),
    ...(country !== undefined && { country: countryName(country, language) }),
  });
}

/** In seconds below two minutes, then in whole minutes. */
function duration(seconds: number, language: Language): string {
  const [value, unit] = seconds < 120 ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute'];
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(
    value,
  );
}

function countryName(country: string, language: Language): string {
  return new Intl.DisplayNames([language], { type: 'region' }).of(country) ?? country;
}
