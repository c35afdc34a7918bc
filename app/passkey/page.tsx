import type { Metadata } from 'next';
import { pageContext, requireUser } from '#app/page-context.ts';
import { PasskeyConfirmation } from '#components/passkeys/confirm.tsx';
import { ownPath } from '#lib/http/own-path.ts';
import { hasPasskey } from '#lib/store/passkeys.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await pageContext()).messages.passkeys.confirmTitle };
}

/** Asks for a passkey and goes on to `?next=`: see `requireUser`. */
export default async function PasskeyPage({ searchParams }: PageProps<'/passkey'>) {
  const { next: wanted } = await searchParams;
  const next = ownPath(typeof wanted === 'string' ? wanted : undefined, '/account');
  const { user } = await requireUser();
  const { services, messages, language } = await pageContext();
  const { passkeys } = messages;
  const canConfirm = services.passkeys !== null && (await hasPasskey(services.store, user.id));
  return (
    <section className="page">
      <h1>{passkeys.confirmHeading}</h1>
      {canConfirm ? (
        <>
          <p>{passkeys.confirmText}</p>
          <PasskeyConfirmation
            messages={passkeys}
            errors={messages.errors}
            language={language}
            label={passkeys.use}
            next={next}
          />
          <noscript>
            <p>{messages.site.noScript}</p>
          </noscript>
        </>
      ) : (
        <p>{passkeys.confirmNone}</p>
      )}
      <a href="/account">{passkeys.confirmAccount}</a>
    </section>
  );
}
