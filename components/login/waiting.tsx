import { fillIn, type LoginMessages } from '#lib/shared/messages/messages.ts';
import styles from './waiting.module.css';

/** The sign that the page is listening, or what is in its way, with the time left. */
export function Waiting(props: {
  messages: LoginMessages;
  notice: string | null;
  /** Whether there is something below for the case that it does not work. */
  hasLadder: boolean;
  secondsLeft: number;
}) {
  const { messages, notice, hasLadder, secondsLeft } = props;
  return (
    <div className={notice === null ? styles.waiting : styles.notice}>
      <span className={styles.sign} aria-hidden="true" />
      <p className={styles.text}>{notice ?? messages.waiting}</p>
      <p role="timer" className={styles.time}>
        {fillIn(messages.timeLeft, {
          minutes: Math.floor(secondsLeft / 60),
          seconds: String(secondsLeft % 60).padStart(2, '0'),
        })}
      </p>
      {/* In one place, with room for the longer one, so that nothing moves when it becomes the other. */}
      {notice === null &&
        [messages.waitingHint, messages.waitingOn].map((hint, index) => (
          <p key={hint} className={`${styles.hint} ${(index === 1) === hasLadder ? '' : 'absent'}`}>
            {hint}
          </p>
        ))}
    </div>
  );
}
