import { Fragment } from 'react';
import type { Language } from '#lib/shared/language.ts';
import type { AccountMessages, PasskeyMessages } from '#lib/shared/messages/messages.ts';
import { Instant } from '../instant.tsx';
import { ScriptButton } from '../script-button.tsx';
import styles from './account.module.css';
import { EndButton } from './session-row.tsx';
import type { NoticeView } from './views.ts';

/** Lists what happened on other devices until the person dismisses the notice. */
export function NewDeviceNotice(props: {
  notices: readonly NoticeView[];
  /** The id of the session that is being ended. */
  ending: string | null;
  /** Whether a session is still live, not this browser's own, and may be ended. */
  canEnd(sessionId: string): boolean;
  language: Language;
  messages: AccountMessages;
  passkeyMessages: PasskeyMessages;
  isLimited: boolean;
  onEnd(notice: NoticeView): void;
  onSeen(): void;
}) {
  const { messages, passkeyMessages, notices } = props;
  const canEndAny = notices.some(({ sessionId }) => props.canEnd(sessionId));
  const kinds = [
    {
      kind: 'call_alone',
      heading: passkeyMessages.callAloneHeading,
      text: canEndAny ? passkeyMessages.callAloneText : null,
    },
    {
      kind: 'passkey_added',
      heading: passkeyMessages.addedHeading,
      // It says how to remove it, which a limited session cannot do.
      text: props.isLimited ? null : passkeyMessages.addedText,
    },
    {
      kind: 'new_device',
      heading: messages.newDeviceHeading,
      text: canEndAny ? messages.newDeviceText : null,
    },
  ] as const;
  const shown = kinds.filter(({ kind }) => notices.some((notice) => notice.kind === kind));
  return (
    <section className={styles.notice} aria-labelledby={`notice-${shown[0]?.kind}`}>
      {shown.map(({ kind, heading, text }) => (
        <Fragment key={kind}>
          <h2 id={`notice-${kind}`}>{heading}</h2>
          {text !== null && <p>{text}</p>}
          <ul className={styles.list}>
            {notices
              .filter((notice) => notice.kind === kind)
              .map((notice) => (
                <li key={notice.id} className={styles.noticed}>
                  <p className={styles.device}>{notice.device}</p>
                  <p>
                    <Instant at={notice.at} language={props.language} precision="minute" />
                    <br />
                    <span>{`${messages.network} ${notice.network}`}</span>
                  </p>
                  {kind !== 'passkey_added' &&
                    (props.canEnd(notice.sessionId) ? (
                      <EndButton
                        device={notice.device}
                        messages={messages}
                        isEnding={props.ending === notice.sessionId}
                        onEnd={() => props.onEnd(notice)}
                      />
                    ) : (
                      !props.isLimited && <p>{messages.newDeviceOver}</p>
                    ))}
                </li>
              ))}
          </ul>
        </Fragment>
      ))}
      <ScriptButton onClick={props.onSeen}>
        {canEndAny ? messages.newDeviceMine : messages.newDeviceSeen}
      </ScriptButton>
    </section>
  );
}
