import type { Metadata } from 'next';
import { pageContext, requireUser } from '#app/page-context.ts';
import styles from '#components/account/account.module.css';
import { EventList } from '#components/account/event-list.tsx';
import { Logins } from '#components/account/logins.tsx';
import { Passkeys } from '#components/account/passkeys.tsx';
import { Instant } from '#components/instant.tsx';
import { LogOutButton } from '#components/log-out-button.tsx';
import { PasskeyConfirmation } from '#components/passkeys/confirm.tsx';
import { unbroken } from '#components/phone-number.tsx';
import { formatPhoneNumber } from '#lib/phone/phone-number.ts';
import { readAccount } from './views.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await pageContext()).messages.account.title };
}

export default async function AccountPage() {
  const context = await pageContext();
  const { language, services } = context;
  const loggedIn = await requireUser();
  const { user } = loggedIn;
  const messages = context.messages.account;
  const phoneNumber = formatPhoneNumber(user.phone_number, services.config.app.defaultCountry);
  const { sessions, notices, passkeys, limitedUntil, events } = await readAccount(
    context,
    loggedIn,
  );
  const inWords = { language, messages };
  return (
    <section className="page">
      <h1>{messages.heading}</h1>
      {limitedUntil !== null && (
        <section className={styles.notice} aria-labelledby="limited">
          <h2 id="limited">{context.messages.passkeys.limitedHeading}</h2>
          <p>{context.messages.passkeys.limitedText}</p>
          <p className={styles.device}>
            <Instant at={limitedUntil} language={language} precision="minute" />
          </p>
          <PasskeyConfirmation
            messages={context.messages.passkeys}
            errors={context.messages.errors}
            language={language}
            label={context.messages.passkeys.limitedConfirm}
            next="/account"
          />
        </section>
      )}
      {user.set_aside_at !== null && (
        <p className={styles.notice}>{context.messages.passkeys.setAside}</p>
      )}
      <Logins
        sessions={sessions}
        notices={notices}
        errors={context.messages.errors}
        isLimited={limitedUntil !== null}
        passkeyMessages={context.messages.passkeys}
        {...inWords}
      >
        <dl className={styles.facts}>
          <dt>{messages.phoneNumber}</dt>
          <dd>
            <span className={unbroken(phoneNumber)}>{phoneNumber}</span>
          </dd>
          <dt>{messages.since}</dt>
          <dd>
            <Instant at={user.created_at} language={language} precision="day" />
          </dd>
        </dl>
        <LogOutButton messages={messages} />
      </Logins>
      {passkeys !== null && (
        <Passkeys
          passkeys={passkeys}
          isLimited={limitedUntil !== null}
          language={language}
          messages={context.messages.passkeys}
          errors={context.messages.errors}
        />
      )}
      <noscript>
        <p className={styles.notice}>{context.messages.site.noScript}</p>
      </noscript>
      <EventList events={events} {...inWords} />
    </section>
  );
}
