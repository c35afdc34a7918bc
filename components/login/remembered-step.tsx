import type { ReactNode } from 'react';
import { LazyPasskeyLogin } from '#components/passkeys/lazy-login.tsx';
import styles from './login.module.css';
import type { NumberStepProps } from './number-step.tsx';
import { StepForm, StepHeading } from './step.tsx';

/** The number step when this browser remembers a number: nothing has to be typed. */
export function RememberedStep(
  props: NumberStepProps & {
    /** The masked number, rendered on the server. */
    number: ReactNode;
    /** Links to use another number or forget this one, rendered on the server. */
    choices: ReactNode;
  },
) {
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
            {props.textOf(props.problem)}
          </p>
        )}
        <button type="submit" className="primary" aria-busy={isStarting}>
          {isStarting ? messages.numberSubmitting : messages.numberSubmit}
        </button>
      </StepForm>
      {props.choices}
      {props.passkeys !== null && (
        <LazyPasskeyLogin
          messages={props.passkeys}
          next={props.next}
          isStarting={isStarting}
          textOf={props.textOf}
        />
      )}
    </div>
  );
}
