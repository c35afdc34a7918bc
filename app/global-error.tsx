'use client';

import { en } from '#lib/shared/messages/en.ts';
import { ja } from '#lib/shared/messages/ja.ts';

/** Shown when not even the layout could be made, so in every language and without any style. */
export default function GlobalErrorPage() {
  return (
    <html lang="ja">
      <body>
        {[ja, en].map(({ site }) => (
          <section key={site.crashHeading} lang={site === ja.site ? 'ja' : 'en'}>
            <h1>{site.crashHeading}</h1>
            <p>{site.crashText}</p>
          </section>
        ))}
      </body>
    </html>
  );
}
