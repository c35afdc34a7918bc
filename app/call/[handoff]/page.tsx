import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { pageContext } from '#app/page-context.ts';
import styles from '#components/call/call.module.css';
import { CallClock } from '#components/call/call-clock.tsx';
import { CallNumber } from '#components/phone-number.tsx';
import { Tick } from '#components/tick.tsx';
import { readHandoff } from '#lib/login/handoff.ts';
import { fillIn } from '#lib/shared/messages/messages.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await pageContext()).messages.handoff.title };
}

/**
 * What a phone shows that has read the QR code: the number to call, for which device, and how long.
 * It reads no cookie and sets none, and nothing on it acts on the attempt.
 */
export default async function CallPage({ params }: PageProps<'/call/[handoff]'>) {
  const { login, services, messages: texts } = await pageContext();
  const { config } = services;
  const { handoff: messages, login: loginMessages } = texts;
  const handoff = await readHandoff(login, (await params).handoff);
  if (handoff === null) {
    notFound();
  }
  if (handoff.status !== 'open') {
    const isVerified = handoff.status === 'verified';
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
        <dd>{handoff.device === '' ? messages.unknownDevice : handoff.device}</dd>
      </dl>
      <div className={styles.number}>
        <h2>{loginMessages.callHeading}</h2>
        <CallNumber number={handoff.callNumber} text={handoff.callNumberText} />
      </div>
      <a className={`primary ${styles.call}`} href={`tel:${handoff.callNumber}`}>
        {loginMessages.callButton}
      </a>
      <CallClock
        key={handoff.expiresInMs}
        secondsLeft={Math.ceil(handoff.expiresInMs / 1_000)}
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
