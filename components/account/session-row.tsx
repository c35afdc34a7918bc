import type { Language } from '#lib/shared/language.ts';
import type { AccountMessages } from '#lib/shared/messages/messages.ts';
import { Instant } from '../instant.tsx';
import styles from './account.module.css';
import type { SessionView } from './views.ts';

/** One place where the user is logged in, with a button to end that unless it is here. */
export function SessionRow(props: {
  session: SessionView;
  language: Language;
  messages: AccountMessages;
  isReady: boolean;
  isEnding: boolean;
  onEnd(): void;
}) {
  const { session, language, messages } = props;
  return (
    <li className={styles.session}>
      <p className={styles.device}>
        {session.device}
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
      {!session.isThisBrowser && <EndButton device={session.device} {...props} />}
    </li>
  );
}

/** Ends a session elsewhere. What it is about is said to those who do not see it beside the button. */
export function EndButton(props: {
  device: string;
  messages: AccountMessages;
  isReady: boolean;
  isEnding: boolean;
  onEnd(): void;
}) {
  const { messages, isEnding } = props;
  return (
    <button
      type="button"
      className="secondary"
      disabled={!props.isReady}
      aria-busy={isEnding}
      onClick={props.onEnd}
    >
      {isEnding ? messages.endingThere : messages.endThere}
      <span className="visually-hidden">{props.device}</span>
    </button>
  );
}
