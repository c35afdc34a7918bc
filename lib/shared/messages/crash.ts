import type { Language } from '../language.ts';

/**
 * The texts of the error pages. Their scripts are part of every page, so these are kept apart from
 * all other texts to keep pages small.
 */
export const crashMessages = {
  ja: {
    heading: '問題が起きました',
    text: '少し待って、ページを\u2060再読み込みしてください。',
    reload: '再読み込み',
  },
  en: {
    heading: 'Something went wrong',
    text: 'Please wait a moment and reload the page.',
    reload: 'Reload',
  },
} as const satisfies Record<Language, { heading: string; text: string; reload: string }>;
