import { useEffect } from 'react';
import type { LoginMessages } from '#lib/shared/messages/messages.ts';
import { Tick } from '../tick.tsx';
import styles from './login.module.css';
import { StepHeading } from './step-heading.tsx';

/** Long enough to be seen, too short to be waited for. */
const MOMENT_MS = 500;

/** The moment of success, before the page the person wanted. */
export function VerifiedStep({ messages, next }: { messages: LoginMessages; next: string }) {
  useEffect(() => {
    // Not a page to come back to: it would only lead here again.
    const timer = setTimeout(() => window.location.replace(next), MOMENT_MS);
    return () => clearTimeout(timer);
  }, [next]);
  return (
    <section className={styles.step}>
      <Tick />
      <StepHeading takesFocus>{messages.verifiedHeading}</StepHeading>
      <p>{messages.verifiedText}</p>
    </section>
  );
}
