/** The languages of the pages (BCP 47), the default first. */
export const languages = ['ja', 'en'] as const;

export type Language = (typeof languages)[number];

export const DEFAULT_LANGUAGE: Language = 'ja';

export function isLanguage(value: unknown): value is Language {
  return languages.some((language) => language === value);
}
