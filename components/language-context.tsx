'use client';

import { createContext } from 'react';
import { DEFAULT_LANGUAGE, type Language } from '#lib/shared/language.ts';

/** The language of the page, for error boundaries, which receive no messages as props. */
export const LanguageContext = createContext<Language>(DEFAULT_LANGUAGE);
