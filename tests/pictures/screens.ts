import { fileURLToPath } from 'node:url';
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

/** On what the pages are looked at: every size × language × theme. */
export const screens = (['phone', 'desktop'] satisfies Size[]).flatMap((size) =>
  (['ja', 'en'] satisfies Language[]).flatMap((language) =>
    (['light', 'dark'] as const).map((colorScheme) => ({
      name: `${size}-${language}-${colorScheme}`,
      size,
      language,
      colorScheme,
      use: { ...sizes[size], locale: locales[language], colorScheme },
    })),
  ),
);

/** The pictures that the next ones are compared with: a folder for each screen, a file for each state. */
export const KEPT_FOLDER = fileURLToPath(new URL('kept', import.meta.url));

/** What differs: the picture expected, the one taken, and one of the difference. */
export const DIFFERENCES_FOLDER = fileURLToPath(new URL('differences', import.meta.url));
