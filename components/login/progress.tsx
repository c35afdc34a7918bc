import type { LoginMessages } from '#lib/shared/messages/messages.ts';
import styles from './progress.module.css';

const steps = ['number', 'call', 'completed'] as const;

/** The steps of the login, with the current one marked. */
export function Progress(props: {
  messages: LoginMessages['progress'];
  /** The current step; null when the attempt has ended without a login. */
  at: (typeof steps)[number] | null;
}) {
  const { messages, at } = props;
  const reached = at === null ? -1 : steps.indexOf(at);
  return (
    <ol className={styles.line} aria-label={messages.label}>
      {steps.map((step, index) => (
        <li
          key={step}
          className={index > reached ? styles.ahead : styles.reached}
          aria-current={index === reached ? 'step' : undefined}
        >
          <span>{messages[step]}</span>
        </li>
      ))}
    </ol>
  );
}
