'use client';

import { useContext } from 'react';
import { LanguageContext } from '#components/language-context.tsx';
import { crashMessages } from '#lib/shared/messages/crash.ts';

/** Shown when a page could not be rendered. The reason is in the server's log, never here. */
export default function ErrorPage() {
  const messages = crashMessages[useContext(LanguageContext)];
  return (
    <section className="page">
      <h1>{messages.heading}</h1>
      <p>{messages.text}</p>
      <button type="button" className="primary" onClick={() => window.location.reload()}>
        {messages.reload}
      </button>
    </section>
  );
}
