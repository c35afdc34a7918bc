import * as z from 'zod/mini';

/** The languages of the pages, the default first. */
export const languages = ['ja', 'en'] as const;

export const languageSchema = z.enum(languages);

export type Language = z.infer<typeof languageSchema>;

export const DEFAULT_LANGUAGE: Language = 'ja';
