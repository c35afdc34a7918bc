import { useEffect, useState } from 'react';
import type { AttemptView, StatusReply } from '#lib/shared/contract.ts';
import { fillIn, type LoginMessages } from '#lib/shared/messages/messages.ts';
import styles from './login.module.css';
import { StepHeading } from './step-heading.tsx';
import { useStatusPolls } from './use-status-polls.ts';
import { useTimeLeft } from './use-time-left.ts';

/** Shows the number to call and waits for the call. */
export function CallStep(props: {
  messages: LoginMessages;
  attempt: AttemptView;
  pollLimit: number;
  /** Where the sandbox's handset is, when the vendor is a sandbox. */
  sandboxUrl: string | null;
  takesFocus: boolean;
  announce(text: string): void;
  onChange(): void;
  onStartAgain(): void;
  /** The server knows of no attempt of this browser any more. */
  onMissing(error: string): void;
  onOutcome(outcome: Exclude<StatusReply, { status: 'pending' }>): void;
}) {
  const { messages, attempt, announce } = props;
  const [expiresAt, setExpiresAt] = useState(() => Date.now() + attempt.expires_in_seconds * 1_000);
  const secondsLeft = useTimeLeft(expiresAt, attempt.expires_in_seconds);
  const isTimeUp = secondsLeft === 0;
  const { trouble, isSpent, isChecking, checkNow } = useStatusPolls({
    sessionId: attempt.session_id,
    isTimeUp,
    pollLimit: props.pollLimit,
    onPending: (seconds) => setExpiresAt(Date.now() + seconds * 1_000),
    onOutcome: props.onOutcome,
    onMissing: props.onMissing,
  });
  const notice = noticeOf(trouble, messages);
  const spoken = notice ?? (isSpent ? messages.pausedHeading : messages.waiting);
  const spokenTime = spokenTimeLeft(secondsLeft, messages);

  // The attempt is over by this device's clock: ask for the server's word on it.
  useEffect(() => {
    if (isTimeUp) {
      checkNow();
    }
  }, [isTimeUp, checkNow]);

  useEffect(() => announce(spoken), [announce, spoken]);
  useEffect(() => {
    if (spokenTime !== null) {
      announce(spokenTime);
    }
  }, [announce, spokenTime]);

  return (
    <section className="stack">
      <StepHeading takesFocus={props.takesFocus}>{messages.callHeading}</StepHeading>
      <p className={styles.callNumber}>{attempt.call_number_text}</p>
      <p>
        {fillIn(messages.callFrom, { phoneNumber: attempt.phone_number_text })}{' '}
        <button type="button" className="link" onClick={props.onChange}>
          {messages.callChange}
        </button>
      </p>
      <a className="primary" href={`tel:${attempt.call_number}`}>
        {messages.callButton}
      </a>
      {props.sandboxUrl !== null && (
        <SandboxHint messages={messages} attempt={attempt} sandboxUrl={props.sandboxUrl} />
      )}
      <p>{messages.callAdvice}</p>
      {isSpent ? (
        <div className={styles.notice}>
          <p>
            <strong>{messages.pausedHeading}</strong>
          </p>
          <p>{notice ?? messages.pausedText}</p>
          <div className={styles.choices}>
            <button type="button" className="primary" aria-busy={isChecking} onClick={checkNow}>
              {isChecking ? messages.pausedChecking : messages.pausedCheck}
            </button>
            <button type="button" className="secondary" onClick={props.onStartAgain}>
              {messages.startAgain}
            </button>
          </div>
        </div>
      ) : (
        <p className={notice === null ? styles.waiting : styles.notice}>
          {notice ?? messages.waiting}
        </p>
      )}
      <p role="timer" className={styles.timeLeft}>
        {fillIn(messages.timeLeft, {
          minutes: Math.floor(secondsLeft / 60),
          seconds: secondsLeft % 60,
        })}
      </p>
      <p className={styles.ownPage}>{messages.callOwnPage}</p>
    </section>
  );
}

function SandboxHint(props: { messages: LoginMessages; attempt: AttemptView; sandboxUrl: string }) {
  const { messages, attempt, sandboxUrl } = props;
  const handset = new URL(sandboxUrl);
  handset.searchParams.set('from', attempt.phone_number_text);
  handset.searchParams.set('to', attempt.call_number);
  return (
    <p className={styles.sandbox}>
      {messages.sandboxHint}{' '}
      <a href={handset.href} target="_blank" rel="noreferrer">
        {messages.sandboxLink}
      </a>
    </p>
  );
}

function noticeOf(
  trouble: ReturnType<typeof useStatusPolls>['trouble'],
  messages: LoginMessages,
): string | null {
  switch (trouble.kind) {
    case 'none':
      return null;
    case 'disconnected':
      return messages.disconnected;
    case 'passing':
      return messages.vendorTrouble;
    case 'refused':
      return trouble.error;
  }
}

/** Spoken once a minute, and not in the first one: silence is kinder than a countdown. */
function spokenTimeLeft(secondsLeft: number, messages: LoginMessages): string | null {
  if (secondsLeft > 240) {
    return null;
  }
  const minutes = Math.ceil(secondsLeft / 60);
  return minutes <= 1 ? messages.timeLeftLast : fillIn(messages.timeLeftSpoken, { minutes });
}
