import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import useSWR from 'swr';
import { type PollAnswer, pollStatus } from '#components/api.ts';
import type { StatusReply } from '#lib/shared/contract.ts';
import { createCutPolls } from './cut-polls.ts';

type Outcome = Exclude<StatusReply, { status: 'pending' }>;

export interface StatusPolls {
  /** What stands in the way of an answer, to be shown. */
  trouble:
    | { kind: 'none' }
    /** No connection to the server. */
    | { kind: 'disconnected' }
    /** The server cannot say just now, and will be asked again. */
    | { kind: 'passing' }
    /** The server will not say, in its own words why; it is asked again all the same. */
    | { kind: 'refused'; error: string };
  /** Nothing polls any more: only `checkNow` asks again. */
  isSpent: boolean;
  /** Asks at once, dropping a poll under way, and once more for what the vendor says to it. */
  checkNow(): void;
}

/** Between the end of one held poll and the next one. */
const SHORTEST_PAUSE_MS = 250;
const PAUSE_WITHOUT_ANSWER_MS = 2_000;
const PAUSE_AFTER_REFUSAL_MS = 5_000;
/** The first has the vendor asked in a moment, the second finds what it said. */
const POLLS_OF_A_PRESS = 2;
/** One return to the page fires several events. */
const RETURN_WINDOW_MS = 500;

/**
 * Polls the status of one attempt until it is over, at most `pollLimit` times: only polls that were
 * answered "not yet" count, and a press is good for two more. SWR paces it by what the server asks for and pauses it while the page
 * is hidden; coming back to the page asks at once (on a phone, the person was in the dialler).
 *
 * Counts for as long as the component lives: give it a key of the attempt.
 *
 * @param options.sessionId of the attempt.
 * @param options.isTimeUp by this device's clock: from then on, silence is not worth asking again.
 * @param options.onPending called with the seconds left whenever the server says "not yet".
 * @param options.onOutcome called when the attempt is over.
 * @param options.onMissing called with the server's words when it knows of no attempt.
 */
export function useStatusPolls(options: {
  sessionId: string;
  pollLimit: number;
  isTimeUp: boolean;
  onPending(expiresInSeconds: number): void;
  onOutcome(outcome: Outcome): void;
  onMissing(error: string): void;
}): StatusPolls {
  const { sessionId, pollLimit, isTimeUp, onPending, onOutcome, onMissing } = options;
  const [trouble, setTrouble] = useState<StatusPolls['trouble']>({ kind: 'none' });
  const [isSpent, setIsSpent] = useState(false);
  const [answers, setAnswers] = useState(0);
  const pendingPolls = useRef(0);
  const [cuts] = useState(createCutPolls);
  const askedAt = useRef(0);
  const underWay = useRef<AbortController | null>(null);
  const isPrompted = useRef(false);

  const poll = useCallback(async (): Promise<PollAnswer> => {
    underWay.current?.abort();
    const controller = new AbortController();
    underWay.current = controller;
    const wasPrompted = isPrompted.current;
    isPrompted.current = false;
    askedAt.current = performance.now();
    return await pollStatus({
      isPrompted: wasPrompted,
      longestHoldSeconds: cuts.longestHoldSeconds(),
      signal: controller.signal,
    });
  }, [cuts]);

  /** 0 ends the chain; SWR begins a new one whenever this function is another: with every answer. */
  const pauseAfter = useCallback(
    (answer: PollAnswer | undefined): number => {
      if (answers === 0 || answer === undefined) {
        return 0;
      }
      switch (answer.kind) {
        case 'no_answer':
          return isTimeUp ? 0 : PAUSE_WITHOUT_ANSWER_MS;
        case 'refused':
          return pauseAfterRefusal(answer.problem);
        case 'status':
          return answer.reply.status === 'pending' && pendingPolls.current < pollLimit
            ? Math.max(SHORTEST_PAUSE_MS, answer.reply.poll_after_ms)
            : 0;
      }
    },
    [answers, isTimeUp, pollLimit],
  );

  const take = (answer: PollAnswer) => {
    setAnswers((count) => count + 1);
    if (answer.kind === 'no_answer') {
      // Of a page that nobody sees the phone may have frozen it.
      const looksDisconnected = cuts.noteCut(
        document.hidden ? 0 : performance.now() - askedAt.current,
      );
      setIsSpent(isTimeUp);
      if (looksDisconnected || isTimeUp || !navigator.onLine) {
        setTrouble({ kind: 'disconnected' });
      }
      return;
    }
    cuts.noteAnswer();
    if (answer.kind === 'refused') {
      const { code, error, retry_after_seconds: retryAfterSeconds } = answer.problem;
      if (code === 'attempt_missing') {
        onMissing(error);
        return;
      }
      setTrouble(
        retryAfterSeconds === undefined ? { kind: 'refused', error } : { kind: 'passing' },
      );
      return;
    }
    setTrouble({ kind: 'none' });
    const { reply } = answer;
    if (reply.status !== 'pending') {
      onOutcome(reply);
      return;
    }
    pendingPolls.current += 1;
    setIsSpent(pendingPolls.current >= pollLimit);
    onPending(reply.expires_in_seconds);
  };

  const { mutate } = useSWR(['/api/auth/status', sessionId], poll, {
    refreshInterval: pauseAfter,
    onSuccess: take,
    dedupingInterval: 0,
    // Both are throttled and share the poll under way; a return asks anew, below.
    revalidateOnFocus: false,
    revalidateOnReconnect: false,
  });
  const ask = useCallback(() => {
    isPrompted.current = true;
    void mutate();
  }, [mutate]);
  const checkNow = useCallback(() => {
    pendingPolls.current = Math.min(pendingPolls.current, pollLimit - POLLS_OF_A_PRESS);
    setIsSpent(false);
    ask();
  }, [ask, pollLimit]);

  useEffect(() => {
    let returnedAt = 0;
    const onReturn = () => {
      if (document.hidden || pendingPolls.current >= pollLimit) {
        return;
      }
      if (Date.now() - returnedAt > RETURN_WINDOW_MS) {
        returnedAt = Date.now();
        ask();
      }
    };
    const onOnline = () => {
      // The next answer may be held for a while, and is not what this is about.
      setTrouble({ kind: 'none' });
      onReturn();
    };
    const onOffline = () => setTrouble({ kind: 'disconnected' });
    const onPageShow = (event: PageTransitionEvent) => event.persisted && onReturn();
    const leaving = new AbortController();
    document.addEventListener('visibilitychange', onReturn, leaving);
    window.addEventListener('pageshow', onPageShow, leaving);
    window.addEventListener('online', onOnline, leaving);
    window.addEventListener('offline', onOffline, leaving);
    return () => leaving.abort();
  }, [ask, pollLimit]);

  // At once, not after the next paint: nobody waits for the answer any more.
  useLayoutEffect(() => () => underWay.current?.abort(), []);

  return { trouble, isSpent, checkNow };
}

function pauseAfterRefusal(problem: { code: string; retry_after_seconds?: number | undefined }) {
  if (problem.code === 'attempt_missing') {
    return 0;
  }
  const seconds = problem.retry_after_seconds;
  return seconds === undefined ? PAUSE_AFTER_REFUSAL_MS : Math.max(1, seconds) * 1_000;
}
