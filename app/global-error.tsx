'use client';

import { languages } from '#lib/shared/language.ts';
import { crashMessages } from '#lib/shared/messages/crash.ts';
import './globals.css';

/** Shown when not even the layout could be made, so in every language. */
export default function GlobalErrorPage() {
  return (
    <html lang={languages[0]}>
      <body>
        <title>{languages.map((language) => crashMessages[language].heading).join(' / ')}</title>
        <main>
          {languages.map((language) => {
            const messages = crashMessages[language];
            return (
              <section key={language} lang={language} className="page">
                <h1>{messages.heading}</h1>
                <p>{messages.text}</p>
                <button type="button" className="primary" onClick={() => window.location.reload()}>
                  {messages.reload}
                </button>
              </section>
            );
          })}
        </main>
      </body>
    </html>
  );
}
