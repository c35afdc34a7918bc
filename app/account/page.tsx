import type { Metadata } from 'next';
import { LogOutButton } from '#components/log-out-button.tsx';
import { getApp } from '#lib/app.ts';
import { messagesIn, readLanguage } from '#lib/language.ts';
import { formatPhoneNumber } from '#lib/phone-number.ts';
import { requireUser } from '#lib/session/session.ts';
import styles from './account.module.css';

export async function generateMetadata(): Promise<Metadata> {
  return { title: messagesIn(await readLanguage()).account.title };
}

export default async function AccountPage() {
  const { user } = await requireUser();
  const { config } = getApp();
  const language = await readLanguage();
  const messages = messagesIn(language).account;
  return (
    <section className="stack">
      <h1>{messages.heading}</h1>
      <dl className={styles.facts}>
        <dt>{messages.phoneNumber}</dt>
        <dd>{formatPhoneNumber(user.phone_number, config.app.defaultCountry)}</dd>
        <dt>{messages.since}</dt>
        <dd>
          <time dateTime={new Date(user.created_at).toISOString()}>
            {new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(user.created_at)}
          </time>
        </dd>
      </dl>
      <LogOutButton messages={messages} />
    </section>
  );
}
