import type { Language } from '#lib/shared/language.ts';
import type { AccountMessages } from '#lib/shared/messages/messages.ts';
import { Instant } from '../instant.tsx';
import styles from './account.module.css';
import type { EventView } from './views.ts';

/** The latest events of an account, newest first. */
export function EventList(props: {
  events: readonly EventView[];
  language: Language;
  messages: AccountMessages;
}) {
  const { messages } = props;
  return (
    <section className={styles.part} aria-labelledby="events">
      <h2 id="events">{messages.eventsHeading}</h2>
      <ol className={styles.list}>
        {props.events.map(({ id, text, device, network, at }) => (
          <li key={id} className={styles.event}>
            <p>{text}</p>
            <p className={styles.quiet}>
              <Instant at={at} language={props.language} precision="minute" />
            </p>
            {device !== null && (
              <p className={styles.quiet}>{`${device} · ${messages.network} ${network}`}</p>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
