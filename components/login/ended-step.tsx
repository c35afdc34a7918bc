import { FilledText } from '#components/filled-text.tsx';
import type { AttemptEnd } from '#lib/shared/attempt-states.ts';
import type { AttemptView } from '#lib/shared/contract.ts';
import styles from './login.module.css';
import { StepForm, StepHeading, type StepProps } from './step.tsx';

/** Shows why the attempt ended without a login, and offers to try again. */
export function EndedStep(
  props: StepProps & {
    attempt: AttemptView;
    status: AttemptEnd;
    /** A sentence; a line feed starts a new paragraph. */
    message: string;
    /** Starts another attempt with the same phone number. */
    onStartAgain(): void;
    /** Returns to the number step. */
    onBack(): void;
  },
) {
  const { messages, attempt, status, isStarting } = props;
  const { troubleshooting } = messages;
  const isExpired = status === 'expired';
  return (
    <section className={styles.step}>
      <StepHeading takesFocus={props.takesFocus}>{messages[`${status}Heading`]}</StepHeading>
      {props.message.split('\n').map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
      {isExpired && (
        <dl className={styles.reasons}>
          <dt>{troubleshooting.otherPhone}</dt>
          <dd>
            <FilledText
              text={troubleshooting.otherPhoneText}
              values={{ phoneNumber: attempt.phone_number_text }}
            />
          </dd>
          <dt>{troubleshooting.withheld}</dt>
          <dd>
            {attempt.call_number_with_caller_id === undefined
              ? troubleshooting.withheldTextAbroad
              : troubleshooting.withheldTextNext}
          </dd>
        </dl>
      )}
      {isExpired && (
        <StepForm action="/login/start" next={props.next} onSend={props.onStartAgain}>
          <input type="hidden" name="again" value="1" />
          <button type="submit" className="primary" aria-busy={isStarting}>
            {isStarting ? messages.numberSubmitting : messages.startAgain}
          </button>
        </StepForm>
      )}
      <StepForm action="/login/change" next={props.next} onSend={props.onBack}>
        <button type="submit" className={isExpired ? 'link' : 'primary'}>
          {messages.backToNumber}
        </button>
      </StepForm>
    </section>
  );
}
