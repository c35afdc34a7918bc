import type { Metadata } from 'next';
import styles from '#components/account/account.module.css';
import { EventList } from '#components/account/event-list.tsx';
import { Logins } from '#components/account/logins.tsx';
import { Instant } from '#components/instant.tsx';
import { LogOutButton } from '#components/log-out-button.tsx';
import { messagesIn, readLanguage } from '#lib/http/language.ts';
import { requireUser } from '#lib/http/session.ts';
import { pageContext } from '#lib/http/visit.ts';
import { formatPhoneNumber } from '#lib/phone/phone-number.ts';
import { readAccount } from './views.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: messagesIn(await readLanguage()).account.title };
}

export default async function AccountPage() {
  const { app, language } = await pageContext();
  const loggedIn = await requireUser(app);
  const { user } = loggedIn;
  const messages = messagesIn(language).account;
  const { sessions, notices, events } = await readAccount(app, loggedIn, messages);
  const inWords = { language, messages };
  return (
    <section className="page">
      <h1>{messages.heading}</h1>
      <Logins sessions={sessions} notices={notices} {...inWords}>
        <dl className={styles.facts}>
          <dt>{messages.phoneNumber}</dt>
          <dd>{formatPhoneNumber(user.phone_number, app.config.app.defaultCountry)}</dd>
          <dt>{messages.since}</dt>
          <dd>
            <Instant
              at={new Date(user.created_at).toISOString()}
              language={language}
              precision="day"
            />
          </dd>
        </dl>
        <LogOutButton messages={messages} />
      </Logins>
      <noscript>
        <p className={styles.notice}>{messagesIn(language).site.noScript}</p>
      </noscript>
      <EventList events={events} {...inWords} />
    </section>
  );
}
