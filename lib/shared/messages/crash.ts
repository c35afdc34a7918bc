import type { Language } from '../language.ts';

/**
 * What the error pages say. They come with every page and must know their words beforehand, so these
 * stand apart from the texts of everything else.
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
