import type { ReactNode } from 'react';
import type { LoginMessages } from '#lib/shared/messages/messages.ts';
import styles from './login.module.css';
import type { NumberProblem } from './number-problem.ts';
import { StepForm } from './step-form.tsx';
import { StepHeading } from './step-heading.tsx';

/** The number step when this browser remembers a number: nothing has to be typed. */
export function RememberedStep(props: {
  messages: LoginMessages;
  next: string;
  /** How the login works, and what the call costs. */
  intro: string;
  /** The masked number, rendered on the server. */
  number: ReactNode;
  /** Links to use another number or forget this one, rendered on the server. */
  choices: ReactNode;
  problem: NumberProblem | null;
  isStarting: boolean;
  takesFocus: boolean;
  onStart(request: { remembered: true }): void;
}) {
  const { messages, isStarting } = props;
  return (
    <div className={styles.step}>
      <StepHeading takesFocus={props.takesFocus}>{messages.numberHeading}</StepHeading>
      <p>{props.intro}</p>
      <StepForm
        action="/login/start"
        next={props.next}
        className={styles.step}
        onSend={() => props.onStart({ remembered: true })}
      >
        {props.number}
        <input type="hidden" name="remembered" value="1" />
        {props.problem !== null && (
          <p role="alert" className={styles.problem}>
            {props.problem.error}
          </p>
        )}
        <button type="submit" className="primary" aria-busy={isStarting}>
          {isStarting ? messages.numberSubmitting : messages.numberSubmit}
        </button>
      </StepForm>
      {props.choices}
    </div>
  );
}
