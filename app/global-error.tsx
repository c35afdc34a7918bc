'use client';

import frame from '#components/page-frame.module.css';
import { languages } from '#lib/shared/language.ts';
import { crashMessages } from '#lib/shared/messages/crash.ts';
import './globals.css';

/** Shown when not even the layout could be rendered, so in every language. */
export default function GlobalErrorPage() {
  return (
    <html lang={languages[0]}>
      <body>
        <title>{languages.map((language) => crashMessages[language].heading).join(' / ')}</title>
        <main className={frame.main}>
          <div className="page">
            {languages.map((language) => (
              <section key={language} lang={language} className="language">
                <h1>{crashMessages[language].heading}</h1>
                <p>{crashMessages[language].text}</p>
                <button type="button" className="primary" onClick={() => window.location.reload()}>
                  {crashMessages[language].reload}
                </button>
              </section>
            ))}
          </div>
        </main>
      </body>
    </html>
  );
}
