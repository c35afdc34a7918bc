import { useEffect, useRef } from 'react';
import { fillIn, type LoginMessages } from '#lib/shared/messages/messages.ts';
import styles from './waiting.module.css';

/** Shows that the page is waiting for the call, or why it cannot, with the time left. */
export function Waiting(props: {
  messages: LoginMessages;
  /** The current state, and what the person can do. */
  now: LoginMessages['waiting']['pending'];
  isListening: boolean;
  /** Whether the person has just come back, to see what has become of their call. */
  isChecking: boolean;
  secondsLeft: number;
}) {
  const { messages, now, isChecking, secondsLeft } = props;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isChecking) {
      box.current?.scrollIntoView({ block: 'nearest' });
    }
  }, [isChecking]);
  return (
    <div ref={box} className={props.isListening ? styles.waiting : styles.notice}>
      <span className={styles.sign} aria-hidden="true" />
      <p className={styles.text}>{now.text}</p>
      <p role="timer" className={styles.time}>
        {fillIn(messages.timeLeft, {
          minutes: Math.floor(secondsLeft / 60),
          seconds: String(secondsLeft % 60).padStart(2, '0'),
        })}
      </p>
      {/* All hints share one grid cell: it fits the longest, so changing them shifts nothing. */}
      {Object.values(messages.waiting).map(({ hint }) => (
        <p key={hint} className={`${styles.hint} ${hint === now.hint ? '' : 'absent'}`}>
          {hint}
        </p>
      ))}
    </div>
  );
}
