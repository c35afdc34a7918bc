import { fillIn, type LoginMessages } from '#lib/shared/messages/messages.ts';
import styles from './waiting.module.css';

/** The sign that the page is listening, or what is in its way, with the time left. */
export function Waiting(props: {
  messages: LoginMessages;
  /** What there is to say, and what to do about it. */
  now: LoginMessages['waiting']['yet'];
  isListening: boolean;
  secondsLeft: number;
}) {
  const { messages, now, secondsLeft } = props;
  return (
    <div className={props.isListening ? styles.waiting : styles.notice}>
      <span className={styles.sign} aria-hidden="true" />
      <p className={styles.text}>{now.text}</p>
      <p role="timer" className={styles.time}>
        {fillIn(messages.timeLeft, {
          minutes: Math.floor(secondsLeft / 60),
          seconds: String(secondsLeft % 60).padStart(2, '0'),
        })}
      </p>
      {/* In one place, with room for the longest, so that nothing moves when one becomes another. */}
      {Object.values(messages.waiting).map(({ hint }) => (
        <p key={hint} className={`${styles.hint} ${hint === now.hint ? '' : 'absent'}`}>
          {hint}
        </p>
      ))}
    </div>
  );
}
