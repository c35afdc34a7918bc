import type { Metadata } from 'next';
import { pageContext, requireUser } from '#app/page-context.ts';
import styles from '#components/account/account.module.css';
import { EventList } from '#components/account/event-list.tsx';
import { Logins } from '#components/account/logins.tsx';
import { Instant } from '#components/instant.tsx';
import { LogOutButton } from '#components/log-out-button.tsx';
import { formatPhoneNumber } from '#lib/phone/phone-number.ts';
import { readAccount } from './views.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await pageContext()).messages.account.title };
}

export default async function AccountPage() {
  const context = await pageContext();
  const { language, services } = context;
  const loggedIn = await requireUser(context);
  const { user } = loggedIn;
  const messages = context.messages.account;
  const { sessions, notices, events } = await readAccount(context, loggedIn);
  const inWords = { language, messages };
  return (
    <section className="page">
      <h1>{messages.heading}</h1>
      <Logins sessions={sessions} notices={notices} {...inWords}>
        <dl className={styles.facts}>
          <dt>{messages.phoneNumber}</dt>
          <dd className="unbroken">
            {formatPhoneNumber(user.phone_number, services.config.app.defaultCountry)}
          </dd>
          <dt>{messages.since}</dt>
          <dd>
            <Instant at={user.created_at} language={language} precision="day" />
          </dd>
        </dl>
        <LogOutButton messages={messages} />
      </Logins>
      <noscript>
        <p className={styles.notice}>{context.messages.site.noScript}</p>
      </noscript>
      <EventList events={events} {...inWords} />
    </section>
  );
}
