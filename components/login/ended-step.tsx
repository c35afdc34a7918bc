import type { AttemptEnd } from '#lib/shared/attempt-ends.ts';
import type { LoginMessages } from '#lib/shared/messages/messages.ts';
import { StepHeading } from './step-heading.tsx';

/** Says why there was no login, and offers the next one. */
export function EndedStep(props: {
  messages: LoginMessages;
  status: AttemptEnd;
  message: string;
  isStarting: boolean;
  takesFocus: boolean;
  onStartAgain(): void;
}) {
  const { messages, status, isStarting } = props;
  const headings: Readonly<Record<AttemptEnd, string>> = {
    expired: messages.expiredHeading,
    cancelled: messages.cancelledHeading,
    contested: messages.contestedHeading,
    failed: messages.failedHeading,
  };
  const next = status === 'expired' ? messages.startAgain : messages.backToNumber;
  return (
    <section className="stack">
      <StepHeading takesFocus={props.takesFocus}>{headings[status]}</StepHeading>
      <p>{props.message}</p>
      <button type="button" className="primary" aria-busy={isStarting} onClick={props.onStartAgain}>
        {isStarting ? messages.numberSubmitting : next}
      </button>
    </section>
  );
}
