import { useEffect } from 'react';
import { Tick } from '../tick.tsx';
import styles from './login.module.css';
import { StepHeading, type StepProps } from './step.tsx';

/** Long enough to be noticed, too short to be felt as a delay. */
const DISPLAY_MS = 500;

/** Shows success briefly, then opens the page the person wanted. */
export function CompletedStep({ messages, next, takesFocus }: StepProps) {
  useEffect(() => {
    // Replaces the history entry: going back to the login would only redirect here again.
    const timer = setTimeout(() => window.location.replace(next), DISPLAY_MS);
    return () => clearTimeout(timer);
  }, [next]);
  return (
    <section className={styles.step}>
      <Tick />
      <StepHeading takesFocus={takesFocus}>{messages.completedHeading}</StepHeading>
      <p>{messages.completedText}</p>
    </section>
  );
}
