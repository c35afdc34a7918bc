'use client';

import { en } from '#lib/shared/messages/en.ts';
import { ja } from '#lib/shared/messages/ja.ts';

/** Shown when a page could not be made. The reason is in the server's log, never here. */
export default function ErrorPage() {
  const messages = (document.documentElement.lang === 'en' ? en : ja).site;
  return (
    <section className="stack">
      <h1>{messages.crashHeading}</h1>
      <p>{messages.crashText}</p>
      <button type="button" className="primary" onClick={() => window.location.reload()}>
        {messages.reload}
      </button>
    </section>
  );
}
