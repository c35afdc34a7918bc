import type { Language } from '#lib/shared/language.ts';
import type { AccountMessages } from '#lib/shared/messages/messages.ts';
import { Instant } from '../instant.tsx';
import { ScriptButton } from '../script-button.tsx';
import styles from './account.module.css';
import { EndButton } from './session-row.tsx';
import type { NoticeView } from './views.ts';

/** Lists logins on new devices until the person dismisses the notice. */
export function NewDeviceNotice(props: {
  notices: readonly NoticeView[];
  /** The id of the session that is being ended. */
  ending: string | null;
  /** Whether a session is still live and not this browser's own. */
  canEnd(sessionId: string): boolean;
  language: Language;
  messages: AccountMessages;
  onEnd(notice: NoticeView): void;
  onSeen(): void;
}) {
  const { messages, notices } = props;
  const canEndAny = notices.some(({ sessionId }) => props.canEnd(sessionId));
  return (
    <section className={styles.notice} aria-labelledby="new-device">
      <h2 id="new-device">{messages.newDeviceHeading}</h2>
      {canEndAny && <p>{messages.newDeviceText}</p>}
      <ul className={styles.list}>
        {notices.map((notice) => (
          <li key={notice.sessionId} className={styles.noticed}>
            <p className={styles.device}>{notice.device}</p>
            <p>
              <Instant at={notice.at} language={props.language} precision="minute" />
              <br />
              {messages.network} {notice.network}
            </p>
            {props.canEnd(notice.sessionId) ? (
              <EndButton
                device={notice.device}
                messages={messages}
                isEnding={props.ending === notice.sessionId}
                onEnd={() => props.onEnd(notice)}
              />
            ) : (
              <p>{messages.newDeviceOver}</p>
            )}
          </li>
        ))}
      </ul>
      <ScriptButton onClick={props.onSeen}>
        {canEndAny ? messages.newDeviceMine : messages.newDeviceSeen}
      </ScriptButton>
    </section>
  );
}
