import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import styles from '#components/call/call.module.css';
import { CallClock } from '#components/call/call-clock.tsx';
import { PhoneNumberText } from '#components/phone-number.tsx';
import { Tick } from '#components/tick.tsx';
import { messagesIn, readLanguage } from '#lib/http/language.ts';
import { pageContext } from '#lib/http/visit.ts';
import { readHandoff } from '#lib/login/handoff.ts';
import { formatPhoneNumber } from '#lib/phone/phone-number.ts';
import { fillIn } from '#lib/shared/messages/messages.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: messagesIn(await readLanguage()).handoff.title };
}

/**
 * What a phone shows that has read the QR code: the number to call, for whose login, and how long.
 * It reads no cookie and sets none, and nothing on it acts on the attempt.
 */
export default async function CallPage({ params }: PageProps<'/call/[handoff]'>) {
  const { app, language } = await pageContext();
  const { config, login } = app;
  const { handoff: messages, login: loginMessages } = messagesIn(language);
  const look = await readHandoff(login, (await params).handoff);
  if (look === null) {
    notFound();
  }
  if (look.status !== 'open') {
    const isVerified = look.status === 'verified';
    return (
      <section className="page">
        {isVerified && <Tick />}
        <h1>{isVerified ? messages.verifiedHeading : messages.overHeading}</h1>
        <p>{isVerified ? messages.verifiedText : messages.overText}</p>
      </section>
    );
  }
  return (
    <section className="page">
      <h1>{messages.heading}</h1>
      <p>{fillIn(messages.intro, { site: config.app.siteName })}</p>
      <dl className={styles.device}>
        <dt>{messages.device}</dt>
        <dd>{look.device === '' ? messages.unknownDevice : look.device}</dd>
      </dl>
      <div className={styles.number}>
        <h2>{loginMessages.callHeading}</h2>
        <PhoneNumberText text={formatPhoneNumber(look.callNumber, config.app.defaultCountry)} />
      </div>
      <a className={`primary ${styles.call}`} href={`tel:${look.callNumber}`}>
        {loginMessages.callButton}
      </a>
      <CallClock
        key={look.expiresInMs}
        secondsLeft={Math.ceil(look.expiresInMs / 1_000)}
        text={loginMessages.timeLeft}
      />
      <ul className={styles.advice}>
        <li>{messages.ownPage}</li>
        <li>{messages.callFrom}</li>
        <li>{loginMessages.callAdvice}</li>
        <li>{messages.after}</li>
      </ul>
    </section>
  );
}
