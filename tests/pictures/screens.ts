import { userAgents } from '#tests/support/visitor.ts';

const sizes = {
  phone: {
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
    userAgent: userAgents.safariOnIphone,
  },
  desktop: { viewport: { width: 1280, height: 800 }, userAgent: userAgents.chromeOnWindows },
};
const locales = { ja: 'ja-JP', en: 'en-US' };

type Size = keyof typeof sizes;
type Language = keyof typeof locales;

/** What the pages are shown on: every combination of size, language and color scheme. */
export const screens = (['phone', 'desktop'] satisfies Size[]).flatMap((size) =>
  (['ja', 'en'] satisfies Language[]).flatMap((language) =>
    (['light', 'dark'] as const).map((colorScheme) => ({
      name: `${size}-${language}-${colorScheme}`,
      size,
      language,
      use: { ...sizes[size], locale: locales[language], colorScheme },
    })),
  ),
);
