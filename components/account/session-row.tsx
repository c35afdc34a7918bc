import type { Language } from '#lib/shared/language.ts';
import type { AccountMessages } from '#lib/shared/messages/messages.ts';
import { Instant } from '../instant.tsx';
import { ScriptButton } from '../script-button.tsx';
import styles from './account.module.css';
import type { SessionView } from './views.ts';

/** One session of the user, with a button where it may be ended. */
export function SessionRow(props: {
  session: SessionView;
  language: Language;
  messages: AccountMessages;
  isEnding: boolean;
  canEnd: boolean;
  onEnd(): void;
}) {
  const { session, language, messages } = props;
  return (
    <li className={styles.session}>
      <p className={styles.device}>
        <span>{session.device}</span>
        {session.isThisBrowser && <span className={styles.here}>{messages.thisBrowser}</span>}
      </p>
      <dl className={styles.facts}>
        <dt>{messages.loggedInAt}</dt>
        <dd>
          <Instant at={session.loggedInAt} language={language} precision="minute" />
        </dd>
        <dt>{messages.lastUsedAt}</dt>
        <dd>
          <Instant at={session.lastUsedAt} language={language} precision="minute" />
        </dd>
        <dt>{messages.network}</dt>
        <dd>{session.network}</dd>
      </dl>
      {props.canEnd && <EndButton device={session.device} {...props} />}
    </li>
  );
}

/** Ends another session. The device's name is part of the label for screen readers only. */
export function EndButton(props: {
  device: string;
  messages: AccountMessages;
  isEnding: boolean;
  onEnd(): void;
}) {
  const { messages, isEnding } = props;
  return (
    <ScriptButton aria-busy={isEnding} onClick={props.onEnd}>
      <span>{isEnding ? messages.endingSession : messages.endSession}</span>
      <span className="visually-hidden">{props.device}</span>
    </ScriptButton>
  );
}
