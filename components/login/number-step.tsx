import { type SubmitEvent, useEffect, useId, useRef } from 'react';
import { useIsHydrated } from '#components/use-is-hydrated.ts';
import { fillIn, type LoginMessages } from '#lib/shared/messages/messages.ts';
import styles from './login.module.css';
import type { NumberProblem } from './login-flow.tsx';
import { StepHeading } from './step-heading.tsx';

/** Asks for the phone number. What was typed stays in the field, whatever happens. */
export function NumberStep(props: {
  messages: LoginMessages;
  cost: string;
  example: string;
  phoneNumberInput: string;
  problem: NumberProblem | null;
  isStarting: boolean;
  takesFocus: boolean;
  onSubmit(phoneNumberInput: string): void;
}) {
  const { messages, problem, isStarting } = props;
  const field = useRef<HTMLInputElement>(null);
  const ids = { field: useId(), example: useId(), problem: useId() };
  const isHydrated = useIsHydrated();

  useEffect(() => {
    if (problem !== null) {
      field.current?.focus();
    }
  }, [problem]);

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    props.onSubmit(field.current?.value ?? '');
  };

  return (
    <form className="stack" onSubmit={submit} noValidate>
      <StepHeading takesFocus={props.takesFocus}>{messages.numberHeading}</StepHeading>
      <p>{messages.numberIntro}</p>
      <p>{props.cost}</p>
      <div className={styles.field}>
        <label htmlFor={ids.field}>{messages.numberLabel}</label>
        <p id={ids.example} className={styles.example}>
          {fillIn(messages.numberExample, { example: props.example })}
        </p>
        {problem !== null && (
          <p id={ids.problem} className={styles.problem}>
            {problem.error}
          </p>
        )}
        <input
          ref={field}
          id={ids.field}
          name="phone_number"
          type="tel"
          autoComplete="tel"
          defaultValue={props.phoneNumberInput}
          aria-describedby={problem === null ? ids.example : `${ids.problem} ${ids.example}`}
          aria-invalid={problem?.isAboutNumber === true}
          required
        />
      </div>
      {/* Before the script runs, a press would send the number away in a page address. */}
      <button type="submit" className="primary" disabled={!isHydrated} aria-busy={isStarting}>
        {isStarting ? messages.numberSubmitting : messages.numberSubmit}
      </button>
    </form>
  );
}
