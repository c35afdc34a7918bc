'use client';

import { useContext } from 'react';
import { LanguageContext } from '#components/language-context.tsx';
import { en } from '#lib/shared/messages/en.ts';
import { ja } from '#lib/shared/messages/ja.ts';

/** Shown when a page could not be made. The reason is in the server's log, never here. */
export default function ErrorPage() {
  const messages = { ja, en }[useContext(LanguageContext)].site;
  return (
    <section className="page">
      <h1>{messages.crashHeading}</h1>
      <p>{messages.crashText}</p>
      <button type="button" className="primary" onClick={() => window.location.reload()}>
        {messages.reload}
      </button>
    </section>
  );
}
