import { useEffect, useState } from 'react';
import { PhoneNumberText } from '#components/phone-number.tsx';
import type { AttemptView, StatusReply } from '#lib/shared/contract.ts';
import { fillIn, type LoginMessages } from '#lib/shared/messages/messages.ts';
import { CopyButton } from './copy-button.tsx';
import { Handoff } from './handoff.tsx';
import styles from './login.module.css';
import { SandboxHint } from './sandbox-hint.tsx';
import { StepForm } from './step-form.tsx';
import { StepHeading } from './step-heading.tsx';
import { Troubleshooting } from './troubleshooting.tsx';
import { type StatusPolls, useStatusPolls } from './use-status-polls.ts';
import { useTimeLeft } from './use-time-left.ts';
import { Waiting } from './waiting.tsx';

/** After so long without a call, something may be in its way. */
const LADDER_AFTER_MS = 45_000;

/** Shows the number to call and waits for the call. */
export function CallStep(props: {
  messages: LoginMessages;
  attempt: AttemptView;
  next: string;
  pollLimit: number;
  /** Where the sandbox's test phone is, when the vendor is a sandbox. */
  sandboxUrl: string | null;
  /** The person has said that they called, before any script ran. */
  hasCalled: boolean;
  takesFocus: boolean;
  announce(text: string): void;
  onChange(): void;
  onStartAgain(): void;
  /** The server knows of no attempt of this browser any more. */
  onMissing(error: string): void;
  onOutcome(outcome: Exclude<StatusReply, { status: 'pending' }>): void;
}) {
  const { messages, attempt, next, announce } = props;
  const [hasLadder, setHasLadder] = useState(props.hasCalled);
  const [expiresAt, setExpiresAt] = useState(() => Date.now() + attempt.expires_in_seconds * 1_000);
  const secondsLeft = useTimeLeft(expiresAt, attempt.expires_in_seconds);
  const isTimeUp = secondsLeft === 0;
  const { trouble, isSpent, checkNow } = useStatusPolls({
    sessionId: attempt.session_id,
    isTimeUp,
    pollLimit: props.pollLimit,
    onPending: (seconds) => setExpiresAt(Date.now() + seconds * 1_000),
    onOutcome: props.onOutcome,
    onMissing: props.onMissing,
  });
  const isTroubled = trouble.kind !== 'none';
  const isListening = !isTroubled && !isSpent;
  const listening = hasLadder ? messages.waiting.longer : messages.waiting.yet;
  const quiet = isSpent ? messages.waiting.paused : listening;
  const now = troubleIn(messages, trouble) ?? quiet;
  const spoken = isListening ? now.text : `${now.text} ${now.hint}`;
  const spokenTime = spokenTimeLeft(secondsLeft, messages);

  // The attempt is over by this device's clock: ask for the server's word on it.
  useEffect(() => {
    if (isTimeUp) {
      checkNow();
    }
  }, [isTimeUp, checkNow]);

  useEffect(() => {
    const timer = setTimeout(() => setHasLadder(true), LADDER_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);

  useEffect(() => {
    if (hasLadder && !isTroubled) {
      announce(messages.ladder.spoken);
    }
  }, [announce, hasLadder, isTroubled, messages]);
  // After it: that a trouble has begun or is over matters more.
  useEffect(() => announce(spoken), [announce, spoken]);
  useEffect(() => {
    if (spokenTime !== null) {
      announce(spokenTime);
    }
  }, [announce, spokenTime]);

  const checkCalled = () => {
    checkNow();
    setHasLadder(true);
  };

  return (
    <section className={styles.step}>
      <StepHeading takesFocus={props.takesFocus}>{messages.callHeading}</StepHeading>
      <div className={styles.number}>
        <PhoneNumberText text={attempt.call_number_text} />
        <CopyButton
          number={attempt.call_number_text}
          label={messages.copy}
          copied={messages.copied}
          announce={announce}
        />
      </div>
      <StepForm action="/login/change" next={next} className={styles.from} onSend={props.onChange}>
        <p>{fillIn(messages.callFrom, { phoneNumber: attempt.phone_number_text })}</p>
        <button type="submit" className="link">
          {messages.callChange}
          <span className="visually-hidden">{messages.numberLabel}</span>
        </button>
      </StepForm>
      <p>{messages.callOwnPage}</p>
      <a className={`primary ${styles.call}`} href={`tel:${attempt.call_number}`}>
        <span className="for-touch">{messages.callButton}</span>
        <span className="for-mouse">{messages.callHere}</span>
      </a>
      <Handoff messages={messages} handoff={attempt.handoff} />
      <p>{messages.callAdvice}</p>
      <Waiting messages={messages} now={now} isListening={isListening} secondsLeft={secondsLeft} />
      <StepForm action="/login/check" next={next} onSend={checkCalled}>
        <button type="submit" className="secondary">
          {messages.called}
        </button>
      </StepForm>
      {props.sandboxUrl !== null && (
        <SandboxHint messages={messages} attempt={attempt} sandboxUrl={props.sandboxUrl} />
      )}
      {(hasLadder || isSpent) && (
        <Troubleshooting
          messages={messages}
          attempt={attempt}
          next={next}
          isAside={isTroubled}
          announce={announce}
          onChange={props.onChange}
          onStartAgain={props.onStartAgain}
        />
      )}
    </section>
  );
}

function troubleIn({ waiting }: LoginMessages, trouble: StatusPolls['trouble']) {
  switch (trouble.kind) {
    case 'none':
      return null;
    case 'refused':
      return { text: trouble.error, hint: '' };
    default:
      return waiting[trouble.kind];
  }
}

/** Spoken once a minute, not in the first one, and near the end: silence is kinder than a countdown. */
function spokenTimeLeft(secondsLeft: number, messages: LoginMessages): string | null {
  if (secondsLeft > 240) {
    return null;
  }
  if (secondsLeft <= 30) {
    return messages.timeLeftEnd;
  }
  const minutes = Math.ceil(secondsLeft / 60);
  return minutes <= 1 ? messages.timeLeftLast : fillIn(messages.timeLeftSpoken, { minutes });
}
