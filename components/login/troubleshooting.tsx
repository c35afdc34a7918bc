import type { ReactNode } from 'react';
import type { AttemptView } from '#lib/shared/contract.ts';
import { fillIn, type LoginMessages } from '#lib/shared/messages/messages.ts';
import { CopyButton } from './copy-button.tsx';
import { StepForm } from './step-form.tsx';
import styles from './troubleshooting.module.css';

/** Japan: dialled in front of a number, it shows the caller ID even if that is hidden by default. */
const SHOW_CALLER_ID = '186';

/**
 * What people do when a call does not count, the likeliest first. Each rung is one press, and the
 * attempt lives on unless the number itself changes.
 */
export function Troubleshooting(props: {
  messages: LoginMessages;
  attempt: AttemptView;
  next: string;
  /** The trouble is not of the person's making: nothing here would help, and it stays out of sight. */
  isAside: boolean;
  announce(text: string): void;
  onChange(): void;
  onStartAgain(): void;
}) {
  const { attempt, next } = props;
  const { ladder, startAgain, copied } = props.messages;
  const phoneNumber = attempt.phone_number_text;
  const isJapanese = attempt.call_number.startsWith('+81') && !phoneNumber.startsWith('+');
  const inJapan = `0${attempt.call_number.slice(3)}`;

  const change = (label: string) => (
    <StepForm action="/login/change" next={next} onSend={props.onChange}>
      <button type="submit" className="link">
        {label}
      </button>
    </StepForm>
  );
  const call = (label: string, number: string) => (
    <a className={styles.act} href={`tel:${number}`}>
      {label}
    </a>
  );

  return (
    <section className={styles.ladder} aria-labelledby="ladder">
      {props.isAside && (
        <div className={styles.note}>
          <p>{ladder.aside}</p>
        </div>
      )}
      <h2 id="ladder">{ladder.heading}</h2>
      <p>{ladder.intro}</p>
      <ol>
        <Rung title={ladder.otherPhone} text={fillIn(ladder.otherPhoneText, { phoneNumber })}>
          {call(ladder.otherPhoneCall, attempt.call_number)}
          {change(ladder.otherPhoneChange)}
        </Rung>
        <Rung
          title={ladder.withheld}
          text={
            isJapanese
              ? fillIn(ladder.withheldText, { callNumber: attempt.call_number_text })
              : ladder.withheldTextAbroad
          }
        >
          {isJapanese && call(ladder.withheldCall, SHOW_CALLER_ID + inJapan)}
        </Rung>
        <Rung title={ladder.app} text={ladder.appText}>
          <CopyButton
            number={attempt.call_number_text}
            label={ladder.appCopy}
            copied={copied}
            announce={props.announce}
          />
        </Rung>
        <Rung title={ladder.abroad} text={ladder.abroadText}>
          {change(ladder.abroadChange)}
        </Rung>
        <Rung title={ladder.wrong} text={fillIn(ladder.wrongText, { phoneNumber })}>
          {change(ladder.wrongChange)}
        </Rung>
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

function Rung(props: { title: string; text: string; children: ReactNode }) {
  return (
    <li>
      <h3>{props.title}</h3>
      <p>{props.text}</p>
      <div className={styles.acts}>{props.children}</div>
    </li>
  );
}
