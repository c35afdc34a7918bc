import { useEffect, useState } from 'react';
import { PhoneNumberText } from '#components/phone-number.tsx';
import type { AttemptView } from '#lib/shared/contract.ts';
import { fillIn, type LoginMessages } from '#lib/shared/messages/messages.ts';
import { CopyButton } from './copy-button.tsx';
import { Handoff } from './handoff.tsx';
import styles from './login.module.css';
import { SandboxHint } from './sandbox-hint.tsx';
import { StepForm } from './step-form.tsx';
import { StepHeading } from './step-heading.tsx';
import { Troubleshooting } from './troubleshooting.tsx';
import { type AttemptOutcome, type StatusPolls, useStatusPolls } from './use-status-polls.ts';
import { useTimeLeft } from './use-time-left.ts';
import { Waiting } from './waiting.tsx';

/** Without a call for this long, the troubleshooting steps are shown. */
const TROUBLESHOOTING_AFTER_MS = 45_000;

/** Shows the number to call and waits for the call. */
export function CallStep(props: {
  messages: LoginMessages;
  attempt: AttemptView;
  next: string;
  pollLimit: number;
  /** The URL of the sandbox's test phone; null when the vendor is the real one. */
  sandboxUrl: string | null;
  /** Whether the person pressed "I have called" before hydration. */
  hasCalled: boolean;
  takesFocus: boolean;
  announce(text: string): void;
  onChange(): void;
  onStartAgain(): void;
  /** Called with the server's message when this browser has no attempt any more. */
  onMissing(error: string): void;
  onOutcome(outcome: AttemptOutcome): void;
}) {
  const { messages, attempt, next, announce } = props;
  const [showsTroubleshooting, setShowsTroubleshooting] = useState(props.hasCalled);
  const [expiresAt, setExpiresAt] = useState(() => Date.now() + attempt.expires_in_seconds * 1_000);
  const secondsLeft = useTimeLeft(expiresAt, attempt.expires_in_seconds);
  const isTimeUp = secondsLeft === 0;
  const { trouble, isPaused, checkNow } = useStatusPolls({
    sessionId: attempt.session_id,
    isTimeUp,
    pollLimit: props.pollLimit,
    onPending: (seconds) => setExpiresAt(Date.now() + seconds * 1_000),
    onOutcome: props.onOutcome,
    onMissing: props.onMissing,
  });
  const isTroubled = trouble.kind !== 'none';
  const isListening = !isTroubled && !isPaused;
  const pending = showsTroubleshooting ? messages.waiting.pendingLong : messages.waiting.pending;
  const untroubled = isPaused ? messages.waiting.paused : pending;
  const now = describeTrouble(messages, trouble) ?? untroubled;
  const spoken = isListening ? now.text : `${now.text} ${now.hint}`;
  const spokenTime = spokenTimeLeft(secondsLeft, messages);

  // Expired by this device's clock: the server decides.
  useEffect(() => {
    if (isTimeUp) {
      checkNow();
    }
  }, [isTimeUp, checkNow]);

  useEffect(() => {
    const timer = setTimeout(() => setShowsTroubleshooting(true), TROUBLESHOOTING_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);

  useEffect(() => {
    if (showsTroubleshooting && !isTroubled) {
      announce(messages.troubleshooting.spoken);
    }
  }, [announce, showsTroubleshooting, isTroubled, messages]);
  // Runs after the effect above, so that the start or end of a problem wins.
  useEffect(() => announce(spoken), [announce, spoken]);
  useEffect(() => {
    if (spokenTime !== null) {
      announce(spokenTime);
    }
  }, [announce, spokenTime]);

  const checkCalled = () => {
    checkNow();
    setShowsTroubleshooting(true);
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
      {(showsTroubleshooting || isPaused) && (
        <Troubleshooting
          messages={messages}
          attempt={attempt}
          next={next}
          isHidden={isTroubled}
          announce={announce}
          onChange={props.onChange}
          onStartAgain={props.onStartAgain}
        />
      )}
    </section>
  );
}

function describeTrouble({ waiting }: LoginMessages, trouble: StatusPolls['trouble']) {
  switch (trouble.kind) {
    case 'none':
      return null;
    case 'refused':
      return { text: trouble.error, hint: '' };
    default:
      return waiting[trouble.kind];
  }
}

/**
 * The time left as announced: each minute after the first, and at 30 seconds. A running countdown
 * would disturb people who use a screen reader.
 */
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
