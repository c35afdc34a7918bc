import type { LoginMessages } from '#lib/shared/messages/messages.ts';
import styles from './progress.module.css';

const stations = ['number', 'call', 'in'] as const;

/** The way from the number to the login, and where on it the person is. */
export function Progress(props: {
  messages: LoginMessages['progress'];
  /** Null when the login is over without success: then nobody is anywhere on the way. */
  at: (typeof stations)[number] | null;
}) {
  const { messages, at } = props;
  const reached = at === null ? -1 : stations.indexOf(at);
  return (
    <ol className={styles.line} aria-label={messages.label}>
      {stations.map((station, index) => (
        <li
          key={station}
          className={index > reached ? styles.ahead : styles.reached}
          aria-current={index === reached ? 'step' : undefined}
        >
          {messages[station]}
        </li>
      ))}
    </ol>
  );
}
