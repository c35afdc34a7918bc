'use client';

import { languages } from '#lib/shared/language.ts';
import { crashMessages } from '#lib/shared/messages/crash.ts';

/** Shown when not even the layout could be made, so in every language and without any style. */
export default function GlobalErrorPage() {
  return (
    <html lang={languages[0]}>
      <body>
        {languages.map((language) => (
          <section key={language} lang={language}>
            <h1>{crashMessages[language].heading}</h1>
            <p>{crashMessages[language].text}</p>
          </section>
        ))}
      </body>
    </html>
  );
}
