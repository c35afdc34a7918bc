import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { pageContext } from '#app/page-context.ts';
import { LanguageContext } from '#components/language-context.tsx';
import { PageFrame } from '#components/page-frame.tsx';
import './globals.css';

/** Every page depends on a cookie, a language and a nonce: none can be made at build time. */
export const dynamic = 'force-dynamic';

export async function generateMetadata(): Promise<Metadata> {
  const { siteName } = (await pageContext()).services.config.app;
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
  const { services, language, messages } = await pageContext();
  const { config } = services;
  return (
    <html lang={language}>
      <body>
        <LanguageContext value={language}>
          <PageFrame
            siteName={config.app.siteName}
            language={language}
            messages={messages.site}
            sandboxUrl={config.pauth.isSandbox ? config.pauth.baseUrl.href : null}
          >
            {children}
          </PageFrame>
        </LanguageContext>
      </body>
    </html>
  );
}
