'use client';

import { createContext, useContext } from 'react';
import { DEFAULT_LANGUAGE, type Language, languages } from '#lib/shared/language.ts';
import { crashMessages } from '#lib/shared/messages/crash.ts';
import frame from './page-frame.module.css';

/**
 * The language of the page, for error boundaries, which receive no messages as props. The layout loads it and the
 * error pages with it, as one script: apart, they would be two small ones that each bring the texts.
 */
export const LanguageContext = createContext<Language>(DEFAULT_LANGUAGE);

/** In place of a page that could not be rendered. */
export function CrashedPage() {
  return (
    <section className="page">
      <CrashText language={useContext(LanguageContext)} />
    </section>
  );
}

/** In place of a document whose layout could not be rendered: in every language. */
export function CrashedDocument() {
  return (
    <html lang={languages[0]}>
      <body>
        <title>{languages.map((language) => crashMessages[language].heading).join(' / ')}</title>
        <main className={frame.main}>
          <div className="page">
            {languages.map((language) => (
              <section key={language} lang={language} className="language">
                <CrashText language={language} />
              </section>
            ))}
          </div>
        </main>
      </body>
    </html>
  );
}

function CrashText(props: { language: Language }) {
  const messages = crashMessages[props.language];
  return (
    <>
      <h1>{messages.heading}</h1>
      <p>{messages.text}</p>
      <button type="button" className="primary" onClick={() => window.location.reload()}>
        {messages.reload}
      </button>
    </>
  );
}
