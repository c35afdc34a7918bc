'use client';

import { useRouter } from 'next/navigation';
import { type ReactNode, useRef, useState } from 'react';
import type { DoneReply } from '#lib/shared/contract.ts';
import type { Language } from '#lib/shared/language.ts';
import {
  type AccountMessages,
  fillIn,
  type Messages,
  type PasskeyMessages,
} from '#lib/shared/messages/messages.ts';
import { type ProblemFacts, problemText } from '#lib/shared/messages/problem-text.ts';
import type { Answer } from '../api.ts';
import { ScriptButton } from '../script-button.tsx';
import styles from './account.module.css';
import { endOtherSessions, endSession, markNoticesSeen } from './api.ts';
import { NewDeviceNotice } from './new-device-notice.tsx';
import { SessionRow } from './session-row.tsx';
import type { NoticeView, SessionView } from './views.ts';

/** The pending action "end all other sessions", where a single one has the session's id. */
const OTHER_SESSIONS = 'other_sessions';

/** What became of the last action. */
type Outcome =
  | { code: 'session_ended'; device: string }
  | { code: 'other_sessions_ended' | 'notices_seen' | 'no_answer' }
  | ProblemFacts;

/**
 * The user's sessions and the notices of new devices. Ending a session removes its row, announces
 * that, and moves the focus to the list's heading, because the focused button is gone.
 */
export function Logins(props: {
  sessions: readonly SessionView[];
  notices: readonly NoticeView[];
  /** Whether this session may not end others. */
  isLimited: boolean;
  passkeyMessages: PasskeyMessages;
  language: Language;
  messages: AccountMessages;
  errors: Messages['errors'];
  /** Rendered between the notices and the list. */
  children: ReactNode;
}) {
  const { messages, language } = props;
  const router = useRouter();
  const heading = useRef<HTMLHeadingElement>(null);
  const [ended, setEnded] = useState<readonly string[]>([]);
  const [seenUntil, setSeenUntil] = useState(0);
  const [pending, setPending] = useState<string | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);

  const sessions = props.sessions.filter(({ id }) => !ended.includes(id));
  const others = sessions.filter(({ isThisBrowser }) => !isThisBrowser);
  const notices = props.notices.filter(({ at }) => at > seenUntil);

  /** Outcomes are kept as codes, so that their sentences change language with the page. */
  const textOf = (done: Outcome) => {
    if ('device' in done) {
      return fillIn(messages.sessionEnded, { device: done.device });
    }
    switch (done.code) {
      case 'other_sessions_ended':
        return messages.otherSessionsEnded;
      case 'notices_seen':
        return messages.newDeviceDone;
      case 'no_answer':
        return messages.endFailed;
      default:
        return problemText(done, { errors: props.errors, language });
    }
  };

  /** Sends one request at a time and shows its outcome. */
  const act = async (
    action: string,
    send: () => Promise<Answer<DoneReply>>,
    onDone: () => Outcome,
  ) => {
    if (pending !== null) {
      return;
    }
    setPending(action);
    setOutcome(null);
    const answer = await send();
    setPending(null);
    const problem = answer.kind === 'refused' ? answer.problem : null;
    if (problem?.code === 'not_logged_in') {
      window.location.assign('/login');
    } else if (answer.kind === 'ok' || problem?.code === 'session_missing') {
      setOutcome(onDone());
      heading.current?.focus();
      // Reloads the list of events, which has a new one.
      router.refresh();
    } else {
      setOutcome(problem ?? { code: 'no_answer' });
    }
  };

  const end = ({ id, device }: { id: string; device: string }) =>
    act(
      id,
      () => endSession(id),
      () => {
        setEnded((ids) => [...ids, id]);
        return { code: 'session_ended', device };
      },
    );

  const endOthers = () =>
    act(OTHER_SESSIONS, endOtherSessions, () => {
      setEnded((ids) => [...ids, ...others.map(({ id }) => id)]);
      return { code: 'other_sessions_ended' };
    });

  const dismiss = () => {
    const latest = Math.max(...notices.map(({ at }) => at));
    return act(
      'notices',
      () => markNoticesSeen(latest),
      () => {
        setSeenUntil(latest);
        return { code: 'notices_seen' };
      },
    );
  };

  return (
    <>
      {notices.length > 0 && (
        <NewDeviceNotice
          notices={notices}
          ending={pending}
          canEnd={(sessionId) => !props.isLimited && others.some(({ id }) => id === sessionId)}
          passkeyMessages={props.passkeyMessages}
          isLimited={props.isLimited}
          language={language}
          messages={messages}
          onEnd={({ sessionId, device }) => end({ id: sessionId, device })}
          onSeen={dismiss}
        />
      )}
      {props.children}
      <section className={styles.part} aria-labelledby="sessions">
        <h2 id="sessions" ref={heading} tabIndex={-1}>
          {messages.sessionsHeading}
        </h2>
        <p role="status" className={styles.status}>
          {outcome && textOf(outcome)}
        </p>
        <ul className={styles.list}>
          {sessions.map((session) => (
            <SessionRow
              key={session.id}
              session={session}
              language={language}
              messages={messages}
              isEnding={pending === session.id}
              canEnd={!session.isThisBrowser && !props.isLimited}
              onEnd={() => end(session)}
            />
          ))}
        </ul>
        {others.length > 0 && !props.isLimited && (
          <ScriptButton aria-busy={pending === OTHER_SESSIONS} onClick={endOthers}>
            {pending === OTHER_SESSIONS ? messages.endingSession : messages.endOtherSessions}
          </ScriptButton>
        )}
      </section>
    </>
  );
}
