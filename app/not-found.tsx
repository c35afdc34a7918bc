import { pageContext } from '#app/page-context.ts';

export default async function NotFoundPage() {
  const messages = (await pageContext()).messages.site;
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
