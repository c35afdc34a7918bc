'use client';

import { useEffect, useRef, useState } from 'react';
import { cancelAttempt, startAttempt } from '#components/api.ts';
import type { AttemptEnd } from '#lib/shared/attempt-ends.ts';
import type { AttemptView, StatusReply } from '#lib/shared/contract.ts';
import type { ErrorCode } from '#lib/shared/error-codes.ts';
import type { LoginMessages } from '#lib/shared/messages/messages.ts';
import { CallStep } from './call-step.tsx';
import { EndedStep } from './ended-step.tsx';
import { NumberStep } from './number-step.tsx';
import { StepHeading } from './step-heading.tsx';

/** What the page shows. The server renders the first one from the cookie. */
export type LoginStep =
  | { name: 'number'; phoneNumberInput: string; problem: NumberProblem | null }
  | { name: 'call'; attempt: AttemptView }
  | { name: 'ended'; status: AttemptEnd; message: string; phoneNumberInput: string }
  | { name: 'verified' };

export interface NumberProblem {
  /** Whether what was typed is at fault, or something else. */
  isAboutNumber: boolean;
  error: string;
}

export interface LoginFlowProps {
  initialStep: LoginStep;
  messages: LoginMessages;
  /** One sentence about what the call costs. */
  cost: string;
  /** A number as the site's country writes it. */
  example: string;
  pollLimit: number;
  /** Where the person wanted to go: a path of ours. */
  next: string;
  /** Where the sandbox's handset is, when the vendor is a sandbox. */
  sandboxUrl: string | null;
}

/** The login, from the number typed to its outcome. */
export function LoginFlow(props: LoginFlowProps) {
  const { messages, next } = props;
  const [firstStep] = useState(props.initialStep);
  const [step, setStep] = useState(firstStep);
  const [announcement, announce] = useState('');
  const [isStarting, setIsStarting] = useState(false);
  const isStartingNow = useRef(false);
  /** A start that overtook it would have its attempt cancelled. */
  const cancelling = useRef(Promise.resolve());

  const start = async (phoneNumberInput: string) => {
    // A second press while the first one is under way must not start a second attempt.
    if (isStartingNow.current) {
      return;
    }
    isStartingNow.current = true;
    setIsStarting(true);
    await cancelling.current;
    const answer = await startAttempt(phoneNumberInput);
    isStartingNow.current = false;
    setIsStarting(false);
    if (answer.kind === 'started') {
      setStep({ name: 'call', attempt: answer.attempt });
      return;
    }
    const problem: NumberProblem =
      answer.kind === 'refused'
        ? { isAboutNumber: isAboutNumber(answer.problem.code), error: answer.problem.error }
        : { isAboutNumber: false, error: messages.disconnected };
    setStep({ name: 'number', phoneNumberInput, problem });
  };

  const askForNumber = (phoneNumberInput: string, error?: string) => {
    const problem = error === undefined ? null : { isAboutNumber: false, error };
    setStep({ name: 'number', phoneNumberInput, problem });
  };

  const change = (phoneNumberInput: string) => {
    askForNumber(phoneNumberInput);
    // Once the step is gone, and its poll with it, which would be answered with the cancelling.
    cancelling.current = Promise.resolve().then(cancelAttempt);
  };

  const restart = async (phoneNumberInput: string) => {
    cancelling.current = cancelAttempt();
    await start(phoneNumberInput);
  };

  const finish = (attempt: AttemptView, outcome: Exclude<StatusReply, { status: 'pending' }>) => {
    setStep(
      outcome.status === 'verified'
        ? { name: 'verified' }
        : {
            name: 'ended',
            status: outcome.status,
            message: outcome.message,
            phoneNumberInput: attempt.phone_number_text,
          },
    );
  };

  useEffect(() => {
    if (step.name !== 'call') {
      announce('');
    }
    if (step.name === 'verified') {
      // Not a page to come back to: it would only lead here again.
      window.location.replace(next);
    }
  }, [step.name, next]);

  return (
    <>
      {step.name === 'number' && (
        <NumberStep
          messages={messages}
          cost={props.cost}
          example={props.example}
          phoneNumberInput={step.phoneNumberInput}
          problem={step.problem}
          isStarting={isStarting}
          takesFocus={step !== firstStep && step.problem === null}
          onSubmit={start}
        />
      )}
      {step.name === 'call' && (
        <CallStep
          key={step.attempt.session_id}
          messages={messages}
          attempt={step.attempt}
          pollLimit={props.pollLimit}
          sandboxUrl={props.sandboxUrl}
          takesFocus={step !== firstStep}
          announce={announce}
          onChange={() => change(step.attempt.phone_number_text)}
          onStartAgain={() => restart(step.attempt.phone_number_text)}
          onMissing={(error) => askForNumber(step.attempt.phone_number_text, error)}
          onOutcome={(outcome) => finish(step.attempt, outcome)}
        />
      )}
      {step.name === 'ended' && (
        <EndedStep
          messages={messages}
          status={step.status}
          message={step.message}
          isStarting={isStarting}
          takesFocus={step !== firstStep}
          onStartAgain={() =>
            step.status === 'expired'
              ? start(step.phoneNumberInput)
              : askForNumber(step.phoneNumberInput)
          }
        />
      )}
      {step.name === 'verified' && (
        <section className="stack">
          <StepHeading takesFocus>{messages.verifiedHeading}</StepHeading>
          <p>{messages.verifiedText}</p>
        </section>
      )}
      {/* Here from the start, so that what changes in it is spoken. */}
      <p role="status" className="visually-hidden">
        {isStarting ? messages.numberSubmitting : announcement}
      </p>
    </>
  );
}

function isAboutNumber(code: ErrorCode): boolean {
  return code.startsWith('phone_number_') || code === 'pauth_refused_number';
}
