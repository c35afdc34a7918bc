'use client';

import { type ReactNode, useEffect, useRef, useState } from 'react';
import { cancelAttempt, startAttempt } from '#components/api.ts';
import type { AttemptEnd } from '#lib/shared/attempt-states.ts';
import type { AttemptView, StartRequest } from '#lib/shared/contract.ts';
import type { Language } from '#lib/shared/language.ts';
import type { LoginMessages, Messages, PasskeyMessages } from '#lib/shared/messages/messages.ts';
import { type ProblemFacts, problemText } from '#lib/shared/messages/problem-text.ts';
import { CallStep } from './call-step.tsx';
import { CompletedStep } from './completed-step.tsx';
import { EndedStep } from './ended-step.tsx';
import styles from './login.module.css';
import { isAboutNumber, type NumberProblem, NumberStep } from './number-step.tsx';
import { Progress } from './progress.tsx';
import { RememberedStep } from './remembered-step.tsx';
import type { AttemptOutcome } from './status-polls.ts';
import { useBackToNumber } from './use-back-to-number.ts';
import { loadPolls } from './use-loaded-polls.ts';

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
  | { name: 'ended'; attempt: AttemptView; status: AttemptEnd; problem: ProblemFacts };

interface LoginFlowProps {
  initialStep: LoginStep;
  messages: LoginMessages;
  passkeys: PasskeyMessages | null;
  errors: Messages['errors'];
  language: Language;
  /** How the login works, and what the call costs. */
  intro: string;
  /** An example number of the site's country. */
  example: string;
  /** Names by ISO 3166-1 alpha-2 code, in display order: the site's own country first. */
  countries: Readonly<Record<string, string>>;
  /** The number this browser remembers and the links about it, rendered on the server. */
  remembered: { number: ReactNode; choices: ReactNode } | null;
  /** Shown while nothing is under way, rendered on the server. */
  advice: ReactNode;
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
  const { messages, errors, language, next, passkeys, remembered } = props;
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
    // The call step loads it again if need be.
    loadPolls().catch(() => {});
    await (isRestart ? cancelAttempt() : cancelling.current);
    const answer = await startAttempt(request);
    setIsStarting(false);
    if (answer.kind === 'ok') {
      setStep({ name: 'call', attempt: answer.reply });
    } else {
      showNumberStep(request, answer.kind === 'refused' ? answer.problem : { code: 'no_answer' });
    }
  };

  const changeNumber = (request: StartRequest) => {
    showNumberStep(request, null);
    // Only after the call step has aborted its poll, which would report the cancelled attempt.
    cancelling.current = Promise.resolve().then(cancelAttempt);
  };

  const showOutcome = (attempt: AttemptView, outcome: AttemptOutcome) =>
    setStep(
      outcome.status === 'completed'
        ? { name: 'completed' }
        : { name: 'ended', attempt, status: outcome.status, problem: outcome },
    );

  /** Problems are kept as codes, so that their sentences change language with the page. */
  const textOf = (problem: NumberProblem) =>
    problem.code === 'no_answer' ? messages.notSent : problemText(problem, { errors, language });

  useEffect(() => {
    if (step.name !== 'call') {
      announce('');
    }
  }, [step.name]);

  useBackToNumber({
    isPastNumber: step.name === 'call' && step !== firstStep,
    onBack: () => {
      if (step.name === 'call') {
        changeNumber(restartRequestOf(step.attempt));
      } else if (step.name === 'ended') {
        showNumberStep(restartRequestOf(step.attempt), null);
      }
    },
  });

  const takesFocus = step !== firstStep;
  const common = { messages, passkeys, next, isStarting, takesFocus, textOf };
  const again = 'attempt' in step ? restartRequestOf(step.attempt) : null;
  return (
    <div className={styles.sheet}>
      <div className={`${styles.content} ${step.name === firstStep.name ? '' : 'next'}`}>
        <Progress messages={messages.progress} at={step.name === 'ended' ? null : step.name} />
        {step.name === 'number' &&
          (remembered !== null && step.phoneNumberInput === '' && !isAboutNumber(step.problem) ? (
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
        {step.name === 'number' && props.advice}
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
            onMissing={(problem) => showNumberStep(again, problem)}
            onOutcome={(outcome) => showOutcome(step.attempt, outcome)}
          />
        )}
        {step.name === 'ended' && again !== null && (
          <EndedStep
            {...common}
            attempt={step.attempt}
            status={step.status}
            message={textOf(step.problem)}
            onStartAgain={() => start(again)}
            onBack={() => showNumberStep(again, null)}
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
