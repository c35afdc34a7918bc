import { useEffect, useId, useRef, useState } from 'react';
import { formatNumber } from '#components/api.ts';
import { FilledText } from '#components/filled-text.tsx';
import { LazyPasskeyLogin } from '#components/passkeys/lazy-login.tsx';
import type { StartRequest } from '#lib/shared/contract.ts';
import { isNumberCode } from '#lib/shared/error-codes.ts';
import type { ProblemFacts } from '#lib/shared/messages/problem-text.ts';
import { PHONE_NUMBER_INPUT_MAX_LENGTH } from '#lib/shared/phone-number.ts';
import { CountryChoice } from './country-choice.tsx';
import styles from './login.module.css';
import { StepForm, StepHeading, type StepProps } from './step.tsx';

/** Why a login could not be started: the server's answer, or that there was none. */
export type NumberProblem = ProblemFacts | { code: 'no_answer' };

/** Whether the typed number is at fault, rather than the network, a limit or the vendor. */
export function isAboutNumber(problem: NumberProblem | null): boolean {
  return problem !== null && problem.code !== 'no_answer' && isNumberCode(problem.code);
}

export interface NumberStepProps extends StepProps {
  /** How the login works, and what the call costs. */
  intro: string;
  problem: NumberProblem | null;
  textOf(problem: NumberProblem): string;
  onStart(request: StartRequest): void;
}

/** Asks for the phone number. The typed text stays in the field after an error. */
export function NumberStep(
  props: NumberStepProps & {
    example: string;
    countries: Readonly<Record<string, string>>;
    phoneNumberInput: string;
    country: string | undefined;
  },
) {
  const { messages, isStarting } = props;
  const [corrected, setCorrected] = useState<NumberProblem | null>(null);
  const problem = props.problem === corrected ? null : props.problem;
  const isInvalid = isAboutNumber(problem);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const [exampleId, problemId] = [`${id}-example`, `${id}-problem`];

  useEffect(() => {
    if (problem !== null) {
      field.current?.focus();
    }
  }, [problem]);

  /** Formats a valid number, unless the field has changed or regained the focus meanwhile. */
  const formatInput = async (input: HTMLInputElement) => {
    const typed = input.value;
    const text = typed && input.form ? await formatNumber(readForm(new FormData(input.form))) : '';
    if (text && input.value === typed && document.activeElement !== input) {
      input.value = text;
    }
  };

  return (
    <StepForm
      action="/login/start"
      next={props.next}
      className={styles.step}
      onSend={(data) => props.onStart({ ...readForm(data), remember: data.has('remember') })}
    >
      <StepHeading takesFocus={props.takesFocus}>{messages.numberHeading}</StepHeading>
      <p>{props.intro}</p>
      <div className={styles.field}>
        <label htmlFor={id}>{messages.numberLabel}</label>
        <p id={exampleId} className={styles.quiet}>
          <FilledText text={messages.numberExample} values={{ example: props.example }} />
        </p>
        <input
          ref={field}
          id={id}
          name="phone_number"
          type="tel"
          autoComplete={props.passkeys === null ? 'tel' : 'tel webauthn'}
          defaultValue={props.phoneNumberInput}
          aria-describedby={problem === null ? exampleId : `${problemId} ${exampleId}`}
          aria-invalid={isInvalid}
          required
          onInput={() => isInvalid && setCorrected(problem)}
          onBlur={(event) => formatInput(event.currentTarget)}
        />
        {/* Always rendered, so that showing a problem shifts nothing. */}
        <p id={problemId} className={styles.problem}>
          {problem && props.textOf(problem)}
        </p>
      </div>
      <button type="submit" className="primary" aria-busy={isStarting}>
        {isStarting ? messages.numberSubmitting : messages.numberSubmit}
      </button>
      <label className={styles.check}>
        <input type="checkbox" name="remember" value="1" />
        <span>
          <span>{messages.remember}</span>
          <small>{messages.rememberHint}</small>
        </span>
      </label>
      <CountryChoice messages={messages} countries={props.countries} chosen={props.country} />
      {props.passkeys !== null && (
        <LazyPasskeyLogin
          messages={props.passkeys}
          next={props.next}
          isStarting={isStarting}
          textOf={props.textOf}
        />
      )}
    </StepForm>
  );
}

function readForm(data: FormData): { phone_number: string; country: string } {
  return {
    // One character more than the limit, so that the server still answers "too long".
    phone_number: String(data.get('phone_number')).slice(0, PHONE_NUMBER_INPUT_MAX_LENGTH + 1),
    country: String(data.get('country')),
  };
}
