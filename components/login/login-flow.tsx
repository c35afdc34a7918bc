'use client';

import { type ReactNode, useEffect, useRef, useState } from 'react';
import { cancelAttempt, startAttempt } from '#components/api.ts';
import type { AttemptEnd } from '#lib/shared/attempt-states.ts';
import type { AttemptView, StartRequest, StatusReply } from '#lib/shared/contract.ts';
import { isAboutNumber } from '#lib/shared/error-codes.ts';
import type { LoginMessages } from '#lib/shared/messages/messages.ts';
import { CallStep } from './call-step.tsx';
import { EndedStep } from './ended-step.tsx';
import styles from './login.module.css';
import { NumberStep } from './number-step.tsx';
import { Progress } from './progress.tsx';
import { RememberedStep } from './remembered-step.tsx';
import { VerifiedStep } from './verified-step.tsx';

/** What the page shows. The server renders the first one from the cookie. */
export type LoginStep =
  | { name: 'number'; phoneNumberInput: string; problem: NumberProblem | null }
  | { name: 'call'; attempt: AttemptView }
  | { name: 'ended'; status: AttemptEnd; message: string; again: StartRequest }
  | { name: 'verified' };

export interface NumberProblem {
  /** Whether what was typed is at fault, or something else. */
  isAboutNumber: boolean;
  error: string;
}

export interface LoginFlowProps {
  initialStep: LoginStep;
  messages: LoginMessages;
  /** What this is, and what it costs. */
  intro: string;
  /** A number as the site's country writes it. */
  example: string;
  /** By their codes, in order, the site's own first. */
  countries: Readonly<Record<string, string>>;
  /** The number this browser remembers, ready to be shown, and what else can be done about it. */
  remembered: { number: ReactNode; choices: ReactNode } | null;
  pollLimit: number;
  /** Where the person wanted to go: a path of ours. */
  next: string;
  helpUrl: string | null;
  /** Where the sandbox's test phone is, when the vendor is a sandbox. */
  sandboxUrl: string | null;
  hasCalled: boolean;
}

/** The login, from the number typed to its outcome. */
export function LoginFlow(props: LoginFlowProps) {
  const { messages, next, remembered } = props;
  const [firstStep] = useState(props.initialStep);
  const [step, setStep] = useState(firstStep);
  const [announcement, announce] = useState('');
  const [isStarting, setIsStarting] = useState(false);
  const isStartingNow = useRef(false);
  /** A start that overtook it would have its attempt cancelled. */
  const cancelling = useRef(Promise.resolve());

  const start = async (request: StartRequest) => {
    // A second press while the first one is under way must not start a second attempt.
    if (isStartingNow.current) {
      return;
    }
    isStartingNow.current = true;
    setIsStarting(true);
    await cancelling.current;
    const answer = await startAttempt(request);
    isStartingNow.current = false;
    setIsStarting(false);
    if (answer.kind === 'started') {
      setStep({ name: 'call', attempt: answer.attempt });
      return;
    }
    const problem: NumberProblem =
      answer.kind === 'refused'
        ? { isAboutNumber: isAboutNumber(answer.problem.code), error: answer.problem.error }
        : { isAboutNumber: false, error: messages.notSent };
    setStep({ name: 'number', phoneNumberInput: typedIn(request), problem });
  };

  const askForNumber = (phoneNumberInput: string, error?: string) => {
    const problem = error === undefined ? null : { isAboutNumber: false, error };
    setStep({ name: 'number', phoneNumberInput, problem });
  };

  const change = (request: StartRequest) => {
    askForNumber(typedIn(request));
    // Once the step is gone, and its poll with it, which would be answered with the cancelling.
    cancelling.current = Promise.resolve().then(cancelAttempt);
  };

  const restart = async (request: StartRequest) => {
    cancelling.current = cancelAttempt();
    await start(request);
  };

  const finish = (again: StartRequest, outcome: Exclude<StatusReply, { status: 'pending' }>) => {
    setStep(
      outcome.status === 'verified'
        ? { name: 'verified' }
        : { name: 'ended', status: outcome.status, message: outcome.message, again },
    );
  };

  useEffect(() => {
    if (step.name !== 'call') {
      announce('');
    }
  }, [step.name]);

  const common = { messages, next, isStarting, takesFocus: step !== firstStep };
  const again = step.name === 'call' ? againWith(step.attempt) : null;
  return (
    <div className={styles.sheet}>
      <div className={`${styles.content} ${step.name === firstStep.name ? '' : 'next'}`}>
        <Progress messages={messages.progress} at={stationOf(step)} />
        {step.name === 'number' &&
          (remembered !== null &&
          step.phoneNumberInput === '' &&
          step.problem?.isAboutNumber !== true ? (
            <RememberedStep
              {...common}
              intro={props.intro}
              number={remembered.number}
              choices={remembered.choices}
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
            sandboxUrl={props.sandboxUrl}
            hasCalled={props.hasCalled && step === firstStep}
            announce={announce}
            onChange={() => change(again)}
            onStartAgain={() => restart(again)}
            onMissing={(error) => askForNumber(typedIn(again), error)}
            onOutcome={(outcome) => finish(again, outcome)}
          />
        )}
        {step.name === 'ended' && (
          <EndedStep
            {...common}
            status={step.status}
            message={step.message}
            onStartAgain={() => start(step.again)}
            onBack={() => askForNumber(typedIn(step.again))}
          />
        )}
        {step.name === 'verified' && <VerifiedStep messages={messages} next={next} />}
        {props.helpUrl !== null && step.name !== 'verified' && (
          <a className={styles.help} href={props.helpUrl}>
            {messages.help}
          </a>
        )}
      </div>
      <div className={styles.panel} aria-hidden="true" />
      {/* Here from the start, so that what changes in it is spoken. */}
      <p role="status" className="visually-hidden">
        {isStarting ? messages.numberSubmitting : announcement}
      </p>
    </div>
  );
}

function stationOf(step: LoginStep): 'number' | 'call' | 'in' | null {
  switch (step.name) {
    case 'verified':
      return 'in';
    case 'ended':
      return null;
    default:
      return step.name;
  }
}

/** What asks for another number to call for the same phone number. */
function againWith(attempt: AttemptView): StartRequest {
  return attempt.number_memory === 'remembered'
    ? { remembered: true }
    : {
        phone_number: attempt.phone_number_text,
        remember: attempt.number_memory === 'to_remember',
      };
}

function typedIn(request: StartRequest): string {
  return 'phone_number' in request ? request.phone_number : '';
}
