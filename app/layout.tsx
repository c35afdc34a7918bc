import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { pageContext } from '#app/page-context.ts';
import { LanguageContext } from '#components/crash.tsx';
import { LanguageSwitch } from '#components/language-switch.tsx';
import styles from '#components/page-frame.module.css';
import './globals.css';

/** Every page depends on a cookie, a language and a nonce: none can be rendered at build time. */
export const dynamic = 'force-dynamic';

export async function generateMetadata(): Promise<Metadata> {
  const { siteName } = (await pageContext()).services.config.app;
  return {
    title: { default: siteName, template: `%s — ${siteName}` },
    // Phones would turn every number on the page into a link of their own.
    formatDetection: { telephone: false },
    // The size of text that is set on an Android phone: all of ours follows the root's.
    other: { 'text-scale': 'scale' },
    robots: { index: false },
  };
}

export const viewport: Viewport = {
  colorScheme: 'light dark',
  width: 'device-width',
  initialScale: 1,
};

/** The frame of every page: site name, language switch, and a notice if the vendor is a sandbox. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const { services, language, messages } = await pageContext();
  const { app, pauth } = services.config;
  const { site } = messages;
  return (
    <html lang={language}>
      <body>
        <LanguageContext value={language}>
          {pauth.isSandbox && <aside className={styles.sandbox}>{site.sandboxNotice}</aside>}
          <header className={styles.header}>
            <a href="/" className={styles.siteName}>
              {app.siteName}
            </a>
            <LanguageSwitch current={language} label={site.languageLabel} />
          </header>
          <main className={styles.main}>{children}</main>
        </LanguageContext>
      </body>
    </html>
  );
}
