'use client';

import { useRouter } from 'next/navigation';
import { type ReactNode, useRef, useState } from 'react';
import type { Language } from '#lib/shared/language.ts';
import { type AccountMessages, fillIn } from '#lib/shared/messages/messages.ts';
import { type DoneAnswer, endOtherSessions, endSession, markNoticesSeen } from '../api.ts';
import { useIsHydrated } from '../use-is-hydrated.ts';
import styles from './account.module.css';
import { NewDeviceNotice } from './new-device-notice.tsx';
import { SessionRow } from './session-row.tsx';
import type { NoticeView, SessionView } from './views.ts';

/** What is under way in place of a session's id. */
const ELSEWHERE = 'elsewhere';

/**
 * Where the user is logged in, and what is new about that. Ending a session takes its row away, says
 * so, and moves the focus to the heading of the list: the button that had it is gone.
 */
export function Logins(props: {
  sessions: readonly SessionView[];
  notices: readonly NoticeView[];
  language: Language;
  messages: AccountMessages;
  /** Stands between the notices and the list. */
  children: ReactNode;
}) {
  const { messages, language } = props;
  const router = useRouter();
  const isReady = useIsHydrated();
  const heading = useRef<HTMLHeadingElement>(null);
  const [ended, setEnded] = useState<readonly string[]>([]);
  const [seenUntil, setSeenUntil] = useState('');
  const [underWay, setUnderWay] = useState<string | null>(null);
  const [status, setStatus] = useState('');

  const sessions = props.sessions.filter(({ id }) => !ended.includes(id));
  const others = sessions.filter(({ isThisBrowser }) => !isThisBrowser);
  const notices = props.notices.filter(({ at }) => at > seenUntil);

  /** Asks the server for something, one thing at a time, and shows what came of it. */
  const act = async (name: string, ask: () => Promise<DoneAnswer>, onDone: () => string) => {
    if (underWay !== null) {
      return;
    }
    setUnderWay(name);
    setStatus('');
    const answer = await ask();
    setUnderWay(null);
    if (answer.kind === 'refused' && answer.problem.code === 'not_logged_in') {
      window.location.assign('/login');
      return;
    }
    const isOver = answer.kind === 'refused' && answer.problem.code === 'session_missing';
    if (answer.kind !== 'done' && !isOver) {
      setStatus(answer.kind === 'refused' ? answer.problem.error : messages.endFailed);
      return;
    }
    setStatus(onDone());
    heading.current?.focus();
    // The list of events has a new one.
    router.refresh();
  };

  const endThere = ({ id, device }: { id: string; device: string }) =>
    act(
      id,
      () => endSession(id),
      () => {
        setEnded((ids) => [...ids, id]);
        return fillIn(messages.endedThere, { device });
      },
    );

  const endElsewhere = () =>
    act(ELSEWHERE, endOtherSessions, () => {
      setEnded((ids) => [...ids, ...others.map(({ id }) => id)]);
      return messages.endedElsewhere;
    });

  const dismiss = () => {
    const [latest] = notices;
    const until = latest?.at ?? '';
    return act(
      'notices',
      () => markNoticesSeen(until),
      () => {
        setSeenUntil(until);
        return messages.newDeviceDone;
      },
    );
  };

  return (
    <>
      {notices.length > 0 && (
        <NewDeviceNotice
          notices={notices}
          ending={underWay}
          canEnd={(sessionId) => others.some(({ id }) => id === sessionId)}
          language={language}
          messages={messages}
          isReady={isReady}
          onEnd={({ sessionId, device }) => endThere({ id: sessionId, device })}
          onSeen={dismiss}
        />
      )}
      {props.children}
      <section className={styles.part} aria-labelledby="sessions">
        <h2 id="sessions" ref={heading} tabIndex={-1}>
          {messages.sessionsHeading}
        </h2>
        <p role="status" className={styles.status}>
          {status}
        </p>
        <ul className={styles.list}>
          {sessions.map((session) => (
            <SessionRow
              key={session.id}
              session={session}
              language={language}
              messages={messages}
              isReady={isReady}
              isEnding={underWay === session.id}
              onEnd={() => endThere(session)}
            />
          ))}
        </ul>
        {others.length > 0 && (
          <button
            type="button"
            className="secondary"
            disabled={!isReady}
            aria-busy={underWay === ELSEWHERE}
            onClick={endElsewhere}
          >
            {underWay === ELSEWHERE ? messages.endingThere : messages.endElsewhere}
          </button>
        )}
      </section>
    </>
  );
}
