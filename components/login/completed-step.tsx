import { useEffect } from 'react';
import type { LoginMessages } from '#lib/shared/messages/messages.ts';
import { Tick } from '../tick.tsx';
import styles from './login.module.css';
import { StepHeading } from './step-heading.tsx';

/** Long enough to be noticed, too short to be felt as a delay. */
const DISPLAY_MS = 500;

/** Shows success briefly, then opens the page the person wanted. */
export function CompletedStep({ messages, next }: { messages: LoginMessages; next: string }) {
  useEffect(() => {
    // Replaces the history entry: going back to the login would only redirect here again.
    const timer = setTimeout(() => window.location.replace(next), DISPLAY_MS);
    return () => clearTimeout(timer);
  }, [next]);
  return (
    <section className={styles.step}>
      <Tick />
      <StepHeading takesFocus>{messages.completedHeading}</StepHeading>
      <p>{messages.completedText}</p>
    </section>
  );
}
