import { useEffect, useRef, useState } from 'react';
import { FilledText } from '#components/filled-text.tsx';
import { CallNumber } from '#components/phone-number.tsx';
import type { AttemptView } from '#lib/shared/contract.ts';
import { fillIn, type LoginMessages } from '#lib/shared/messages/messages.ts';
import type { ProblemFacts } from '#lib/shared/messages/problem-text.ts';
import { CopyButton } from './copy-button.tsx';
import { Handoff } from './handoff.tsx';
import styles from './login.module.css';
import { SandboxHint } from './sandbox-hint.tsx';
import type { AttemptOutcome, PollsHandle, PollsView } from './status-polls.ts';
import { StepForm, StepHeading, type StepProps } from './step.tsx';
import { Troubleshooting } from './troubleshooting.tsx';
import { useLoadedPolls } from './use-loaded-polls.ts';
import { useTimeLeft } from './use-time-left.ts';
import { Waiting } from './waiting.tsx';

/** Without a call for this long, the troubleshooting steps are shown: after the start, and after a return. */
const TROUBLESHOOTING_AFTER_MS = 45_000;
const TROUBLESHOOTING_AFTER_RETURN_MS = 9_000;

const NOTHING_SEEN: PollsView = { trouble: null, isPaused: false, hasReturned: false };

/** Shows the number to call and waits for the call. */
export function CallStep(
  props: StepProps & {
    attempt: AttemptView;
    pollLimit: number;
    holdSeconds: number;
    /** The URL of the sandbox's test phone; null when the vendor is the real one. */
    sandboxUrl: string | null;
    /** Whether the person pressed "I have called" before hydration. */
    hasCalled: boolean;
    announce(text: string): void;
    onChange(): void;
    onStartAgain(): void;
    /** Called with the server's answer when this browser has no attempt any more. */
    onMissing(problem: ProblemFacts): void;
    onOutcome(outcome: AttemptOutcome): void;
  },
) {
  const { messages, attempt, next, announce } = props;
  const [showsTroubleshooting, setShowsTroubleshooting] = useState(props.hasCalled);
  const [expiresAt, setExpiresAt] = useState(() => Date.now() + attempt.expires_in_seconds * 1_000);
  const secondsLeft = useTimeLeft(expiresAt, attempt.expires_in_seconds);
  const [{ trouble, isPaused, hasReturned }, setView] = useState(NOTHING_SEEN);
  const polls = useRef<PollsHandle>(null);
  const Polls = useLoadedPolls({
    canReload: props.takesFocus,
    onFailure: () => setView({ ...NOTHING_SEEN, trouble: 'disconnected' }),
  });
  const isTroubled = trouble !== null;
  const isListening = !isTroubled && !isPaused;
  const isChecking = hasReturned && !showsTroubleshooting && isListening;
  const calm = isChecking ? 'checking' : 'pending';
  const pending = showsTroubleshooting ? 'pendingLong' : calm;
  const state = trouble ?? (isPaused ? 'paused' : pending);
  const now =
    typeof state === 'string' ? messages.waiting[state] : { text: props.textOf(state), hint: '' };

  useEffect(() => {
    const afterMs = hasReturned ? TROUBLESHOOTING_AFTER_RETURN_MS : TROUBLESHOOTING_AFTER_MS;
    const timer = setTimeout(() => setShowsTroubleshooting(true), afterMs);
    return () => clearTimeout(timer);
  }, [hasReturned]);

  useAnnouncement(
    announce,
    showsTroubleshooting && !isTroubled ? messages.troubleshooting.spoken : null,
  );
  // After the announcement above, so that the start or end of a problem wins.
  useAnnouncement(announce, isListening ? now.text : `${now.text} ${now.hint}`);
  useAnnouncement(announce, spokenTimeLeft(secondsLeft, messages));

  const checkCalled = () => {
    polls.current?.checkNow();
    setShowsTroubleshooting(true);
  };

  return (
    <section className={styles.step}>
      <StepHeading takesFocus={props.takesFocus}>{messages.callHeading}</StepHeading>
      <div className={styles.dial}>
        <CallNumber number={attempt.call_number} text={attempt.call_number_text} />
        <a className={`primary for-touch ${styles.call}`} href={`tel:${attempt.call_number}`}>
          {messages.callButton}
        </a>
        <CopyButton
          number={attempt.call_number_text}
          label={messages.copy}
          messages={messages}
          announce={announce}
        />
        <StepForm
          action="/login/change"
          next={next}
          className={styles.from}
          onSend={props.onChange}
        >
          <p>
            <FilledText
              text={messages.callFrom}
              values={{ phoneNumber: attempt.phone_number_text }}
            />
          </p>
          <button type="submit" className="link">
            <span>{messages.callChange}</span>
            <span className="visually-hidden">{messages.numberLabel}</span>
          </button>
        </StepForm>
        <a className="for-mouse" href={`tel:${attempt.call_number}`}>
          {messages.callHere}
        </a>
      </div>
      <Handoff messages={messages} handoff={attempt.handoff} />
      <div>
        <p>{messages.callAdvice}</p>
        <p>{messages.callOwnPage}</p>
      </div>
      <Waiting
        messages={messages}
        now={now}
        isListening={isListening}
        isChecking={isChecking}
        secondsLeft={secondsLeft}
      />
      {/* Without the polls, the browser asks the server by posting the form. */}
      <StepForm action="/login/check" next={next} onSend={Polls === null ? null : checkCalled}>
        <button type="submit" className="secondary">
          {messages.called}
        </button>
      </StepForm>
      {props.sandboxUrl !== null && (
        <SandboxHint messages={messages} attempt={attempt} sandboxUrl={props.sandboxUrl} />
      )}
      {Polls !== null && (
        <Polls
          ref={polls}
          sessionId={attempt.session_id}
          isTimeUp={secondsLeft === 0}
          pollLimit={props.pollLimit}
          holdSeconds={props.holdSeconds}
          onPending={(seconds) => setExpiresAt(Date.now() + seconds * 1_000)}
          onOutcome={props.onOutcome}
          onMissing={props.onMissing}
          onView={setView}
        />
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

/** Announces a text, unless it is null, whenever it changes. */
function useAnnouncement(announce: (text: string) => void, text: string | null) {
  useEffect(() => {
    if (text !== null) {
      announce(text);
    }
  }, [announce, text]);
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
