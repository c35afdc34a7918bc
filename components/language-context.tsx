'use client';

import { createContext } from 'react';
import { DEFAULT_LANGUAGE, type Language } from '#lib/shared/language.ts';

/** The language of the page, for what cannot be handed its texts: the error page. */
export const LanguageContext = createContext<Language>(DEFAULT_LANGUAGE);
