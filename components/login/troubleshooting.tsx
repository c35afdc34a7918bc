import type { ReactNode } from 'react';
import { FilledText } from '#components/filled-text.tsx';
import type { AttemptView } from '#lib/shared/contract.ts';
import type { LoginMessages } from '#lib/shared/messages/messages.ts';
import { CopyButton } from './copy-button.tsx';
import { StepForm } from './step.tsx';
import styles from './troubleshooting.module.css';

/**
 * What to try when a call is not recognised, the likeliest cause first. Each step takes one press;
 * the attempt stays live unless the phone number changes.
 */
export function Troubleshooting(props: {
  messages: LoginMessages;
  attempt: AttemptView;
  next: string;
  /** Hides the steps: the fault is not the person's, so they would not help. */
  isHidden: boolean;
  announce(text: string): void;
  onChange(): void;
  onStartAgain(): void;
}) {
  const { attempt, next } = props;
  const { troubleshooting, startAgain } = props.messages;
  const phoneNumber = attempt.phone_number_text;
  const withCallerId = attempt.call_number_with_caller_id;

  const change = (label: string) => (
    <StepForm action="/login/change" next={next} onSend={props.onChange}>
      <button type="submit" className="link">
        {label}
      </button>
    </StepForm>
  );
  const call = (label: string, number: string) => (
    <a className={styles.action} href={`tel:${number}`}>
      {label}
    </a>
  );

  return (
    <section className={styles.troubleshooting} aria-labelledby="troubleshooting">
      {props.isHidden && (
        <div className={styles.note}>
          <p>{troubleshooting.hidden}</p>
        </div>
      )}
      <h2 id="troubleshooting">{troubleshooting.heading}</h2>
      <p>{troubleshooting.intro}</p>
      <ol>
        <Step
          title={troubleshooting.otherPhone}
          text={<FilledText text={troubleshooting.otherPhoneText} values={{ phoneNumber }} />}
        >
          {call(troubleshooting.otherPhoneCall, attempt.call_number)}
          {change(troubleshooting.otherPhoneChange)}
        </Step>
        <Step
          title={troubleshooting.withheld}
          text={
            withCallerId === undefined ? (
              troubleshooting.withheldTextAbroad
            ) : (
              <FilledText
                text={troubleshooting.withheldText}
                values={{ callNumber: attempt.call_number_text }}
              />
            )
          }
        >
          {withCallerId !== undefined && call(troubleshooting.withheldCall, withCallerId)}
        </Step>
        <Step
          title={troubleshooting.app}
          text={
            <FilledText
              text={troubleshooting.appText}
              values={{ callNumber: attempt.call_number_text }}
            />
          }
        >
          <CopyButton
            number={attempt.call_number_text}
            label={troubleshooting.appCopy}
            messages={props.messages}
            announce={props.announce}
          />
        </Step>
        <Step title={troubleshooting.abroad} text={troubleshooting.abroadText}>
          {change(troubleshooting.abroadChange)}
        </Step>
        <Step
          title={troubleshooting.wrong}
          text={<FilledText text={troubleshooting.wrongText} values={{ phoneNumber }} />}
        >
          {change(troubleshooting.wrongChange)}
        </Step>
      </ol>
      <StepForm action="/login/start" next={next} onSend={props.onStartAgain}>
        <input type="hidden" name="again" value="1" />
        <button type="submit" className="secondary">
          {startAgain}
        </button>
      </StepForm>
    </section>
  );
}

function Step(props: { title: string; text: ReactNode; children: ReactNode }) {
  return (
    <li>
      <h3>{props.title}</h3>
      <p>{props.text}</p>
      <div className={styles.actions}>{props.children}</div>
    </li>
  );
}
