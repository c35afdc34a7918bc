'use client';

import { type ReactNode, useEffect, useRef, useState } from 'react';
import { cancelAttempt, startAttempt } from '#components/api.ts';
import type { AttemptEnd } from '#lib/shared/attempt-states.ts';
import type { AttemptView, StartRequest } from '#lib/shared/contract.ts';
import { isAboutNumber } from '#lib/shared/error-codes.ts';
import type { LoginMessages, PasskeyMessages } from '#lib/shared/messages/messages.ts';
import { CallStep } from './call-step.tsx';
import { CompletedStep } from './completed-step.tsx';
import { EndedStep } from './ended-step.tsx';
import styles from './login.module.css';
import { type NumberProblem, NumberStep } from './number-step.tsx';
import { Progress } from './progress.tsx';
import { RememberedStep } from './remembered-step.tsx';
import type { AttemptOutcome } from './use-status-polls.ts';

/** The step that the page shows. The server derives the first one from the cookies. */
export type LoginStep =
  | {
      name: 'number';
      phoneNumberInput: string;
      /** The chosen country (ISO 3166); missing for the site's own. */
      country?: string | undefined;
      problem: NumberProblem | null;
    }
  | { name: 'call'; attempt: AttemptView }
  | { name: 'completed' }
  | { name: 'ended'; status: AttemptEnd; message: string; again: StartRequest };

interface LoginFlowProps {
  initialStep: LoginStep;
  messages: LoginMessages;
  passkeys: PasskeyMessages | null;
  /** How the login works, and what the call costs. */
  intro: string;
  /** An example number of the site's country. */
  example: string;
  /** Names by ISO 3166-1 alpha-2 code, in display order: the site's own country first. */
  countries: Readonly<Record<string, string>>;
  /** The number this browser remembers and the links about it, rendered on the server. */
  remembered: { number: ReactNode; choices: ReactNode } | null;
  pollLimit: number;
  /** The longest time that the server holds a poll. */
  holdSeconds: number;
  /** The path to open after the login, on this origin. */
  next: string;
  helpUrl: string | null;
  /** The URL of the sandbox's test phone; null when the vendor is the real one. */
  sandboxUrl: string | null;
  /** Whether the person pressed "I have called" before hydration. */
  hasCalled: boolean;
}

/** The steps of the login, from entering the number to the outcome. */
export function LoginFlow(props: LoginFlowProps) {
  const { messages, next, passkeys, remembered } = props;
  const [firstStep] = useState(props.initialStep);
  const [step, setStep] = useState(firstStep);
  const [announcement, announce] = useState('');
  const [isStarting, setIsStarting] = useState(false);
  /** A start waits for it: a cancel that arrives later would end the new attempt. */
  const cancelling = useRef(Promise.resolve());

  const showNumberStep = (request: StartRequest, problem: NumberProblem | null) => {
    const phoneNumberInput = 'phone_number' in request ? request.phone_number : '';
    setStep({ name: 'number', phoneNumberInput, problem });
  };

  /** @param isRestart whether to cancel the attempt that is shown first. */
  const start = async (request: StartRequest, isRestart = false) => {
    // Ignore a second press while a start is in flight.
    if (isStarting) {
      return;
    }
    setIsStarting(true);
    await (isRestart ? cancelAttempt() : cancelling.current);
    const answer = await startAttempt(request);
    setIsStarting(false);
    if (answer.kind === 'ok') {
      setStep({ name: 'call', attempt: answer.reply });
    } else if (answer.kind === 'refused') {
      const { code, error } = answer.problem;
      showNumberStep(request, { isAboutNumber: isAboutNumber(code), error });
    } else {
      showNumberStep(request, { isAboutNumber: false, error: messages.notSent });
    }
  };

  const changeNumber = (request: StartRequest) => {
    showNumberStep(request, null);
    // Only after the call step has aborted its poll, which would report the cancelled attempt.
    cancelling.current = Promise.resolve().then(cancelAttempt);
  };

  const showOutcome = (again: StartRequest, outcome: AttemptOutcome) =>
    setStep(
      outcome.status === 'completed'
        ? { name: 'completed' }
        : { name: 'ended', status: outcome.status, message: outcome.message, again },
    );

  useEffect(() => {
    if (step.name !== 'call') {
      announce('');
    }
  }, [step.name]);

  const common = { messages, passkeys, next, isStarting, takesFocus: step !== firstStep };
  const again = step.name === 'call' ? restartRequestOf(step.attempt) : null;
  return (
    <div className={styles.sheet}>
      <div className={`${styles.content} ${step.name === firstStep.name ? '' : 'next'}`}>
        <Progress messages={messages.progress} at={step.name === 'ended' ? null : step.name} />
        {step.name === 'number' &&
          (remembered !== null &&
          step.phoneNumberInput === '' &&
          step.problem?.isAboutNumber !== true ? (
            <RememberedStep
              {...common}
              intro={props.intro}
              {...remembered}
              problem={step.problem}
              onStart={start}
            />
          ) : (
            <NumberStep
              {...common}
              intro={props.intro}
              example={props.example}
              countries={props.countries}
              phoneNumberInput={step.phoneNumberInput}
              country={step.country}
              problem={step.problem}
              takesFocus={common.takesFocus && step.problem === null}
              onStart={start}
            />
          ))}
        {step.name === 'call' && again !== null && (
          <CallStep
            key={step.attempt.session_id}
            {...common}
            attempt={step.attempt}
            pollLimit={props.pollLimit}
            holdSeconds={props.holdSeconds}
            sandboxUrl={props.sandboxUrl}
            hasCalled={props.hasCalled && step === firstStep}
            announce={announce}
            onChange={() => changeNumber(again)}
            onStartAgain={() => start(again, true)}
            onMissing={(error) => showNumberStep(again, { isAboutNumber: false, error })}
            onOutcome={(outcome) => showOutcome(again, outcome)}
          />
        )}
        {step.name === 'ended' && (
          <EndedStep
            {...common}
            status={step.status}
            message={step.message}
            onStartAgain={() => start(step.again)}
            onBack={() => showNumberStep(step.again, null)}
          />
        )}
        {step.name === 'completed' && <CompletedStep {...common} />}
        {props.helpUrl !== null && step.name !== 'completed' && (
          <a className={styles.help} href={props.helpUrl}>
            {messages.help}
          </a>
        )}
      </div>
      <div className={styles.panel} aria-hidden="true" />
      {/* Always rendered: screen readers announce changes only in a live region they know. */}
      <p role="status" className="visually-hidden">
        {isStarting ? messages.numberSubmitting : announcement}
      </p>
    </div>
  );
}

/** The request for a new attempt with the same phone number. */
function restartRequestOf(attempt: AttemptView): StartRequest {
  return attempt.number_memory === 'remembered'
    ? { remembered: true }
    : {
        phone_number: attempt.phone_number_text,
        remember: attempt.number_memory === 'to_remember',
      };
}
