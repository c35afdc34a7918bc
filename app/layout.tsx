import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { LanguageContext } from '#components/language-context.tsx';
import { PageFrame } from '#components/page-frame.tsx';
import { messagesIn, readLanguage } from '#lib/http/language.ts';
import { getApp } from '#lib/services.ts';
import './globals.css';

/** Every page depends on a cookie, a language and a nonce: none can be made at build time. */
export const dynamic = 'force-dynamic';

export async function generateMetadata(): Promise<Metadata> {
  const { siteName } = getApp().config.app;
  return {
    title: { default: siteName, template: `%s — ${siteName}` },
    // Phones would turn every number on the page into a link of their own.
    formatDetection: { telephone: false },
    robots: { index: false },
  };
}

export const viewport: Viewport = {
  colorScheme: 'light dark',
  width: 'device-width',
  initialScale: 1,
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  const { config } = getApp();
  const language = await readLanguage();
  return (
    <html lang={language}>
      <body>
        <LanguageContext value={language}>
          <PageFrame
            siteName={config.app.siteName}
            language={language}
            messages={messagesIn(language).site}
            sandboxUrl={config.pauth.isSandbox ? config.pauth.baseUrl.href : null}
          >
            {children}
          </PageFrame>
        </LanguageContext>
      </body>
    </html>
  );
}
