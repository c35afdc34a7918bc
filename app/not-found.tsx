import { messagesIn, readLanguage } from '#lib/http/language.ts';

export default async function NotFoundPage() {
  const messages = messagesIn(await readLanguage()).site;
  return (
    <section className="page">
      <h1>{messages.notFoundHeading}</h1>
      <p>{messages.notFoundText}</p>
      <a className="primary" href="/">
        {messages.toLogin}
      </a>
    </section>
  );
}
