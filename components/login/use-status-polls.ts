import { useCallback, useEffect, useRef, useState } from 'react';
import useSWR from 'swr';
import { type PollAnswer, pollStatus } from '#components/api.ts';
import type { StatusReply } from '#lib/shared/contract.ts';

type Outcome = Exclude<StatusReply, { status: 'pending' }>;

export interface StatusPolls {
  /** What stands in the way of an answer, to be shown. */
  trouble:
    | { kind: 'none' }
    /** No connection to the server. */
    | { kind: 'disconnected' }
    /** The server cannot say just now, and will be asked again. */
    | { kind: 'passing' }
    /** The server will not say, in its own words why. */
    | { kind: 'refused'; error: string };
  /** All polls are spent; only `checkNow` asks again. */
  isSpent: boolean;
  /** Asks at once, dropping a poll under way. */
  checkNow(): void;
}

/** Between the end of one held poll and the next one. */
const SHORTEST_PAUSE_MS = 250;
const PAUSE_WITHOUT_ANSWER_MS = 2_000;
/** Phones drop connections in passing, and some proxies cut held polls: not worth a word. */
const SILENT_CUTS = 1;
/** One return to the page fires several events. */
const RETURN_WINDOW_MS = 500;

/**
 * Polls the attempt's status until it is over, at most `pollLimit` times: only polls that were
 * answered "not yet" count. SWR paces it by what the server asks for and pauses it while the page
 * is hidden; coming back to the page asks at once (on a phone, the person was in the dialler).
 *
 * @param sessionId of the attempt; a new one starts counting anew.
 * @param onPending called with the seconds left whenever the server says "not yet".
 * @param onOutcome called once, when the attempt is over.
 */
export function useStatusPolls(options: {
  sessionId: string;
  pollLimit: number;
  onPending(expiresInSeconds: number): void;
  onOutcome(outcome: Outcome): void;
  onMissing(): void;
}): StatusPolls {
  const { sessionId, pollLimit, onPending, onOutcome, onMissing } = options;
  const [trouble, setTrouble] = useState<StatusPolls['trouble']>({ kind: 'none' });
  const [isSpent, setIsSpent] = useState(false);
  const pendingPolls = useRef(0);
  const cuts = useRef(0);
  const underWay = useRef<AbortController | null>(null);

  const poll = useCallback(async (): Promise<PollAnswer> => {
    underWay.current?.abort();
    const controller = new AbortController();
    underWay.current = controller;
    return await pollStatus(controller.signal);
  }, []);

  const pauseAfter = useCallback(
    (answer: PollAnswer | undefined) => {
      if (answer === undefined || answer.kind === 'no_answer') {
        return PAUSE_WITHOUT_ANSWER_MS;
      }
      if (answer.kind === 'refused') {
        const seconds = answer.problem.retry_after_seconds;
        return seconds === undefined ? 0 : Math.max(SHORTEST_PAUSE_MS, seconds * 1_000);
      }
      return answer.reply.status === 'pending' && pendingPolls.current < pollLimit
        ? Math.max(SHORTEST_PAUSE_MS, answer.reply.poll_after_ms)
        : 0;
    },
    [pollLimit],
  );

  const take = (answer: PollAnswer) => {
    if (answer.kind === 'no_answer') {
      cuts.current += 1;
      if (cuts.current > SILENT_CUTS || !navigator.onLine) {
        setTrouble({ kind: 'disconnected' });
      }
      return;
    }
    cuts.current = 0;
    if (answer.kind === 'refused') {
      if (answer.problem.code === 'attempt_missing') {
        onMissing();
      }
      const { error, retry_after_seconds: retryAfterSeconds } = answer.problem;
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
    revalidateIfStale: true,
    // Both are throttled and share the poll under way; a return asks anew, below.
    revalidateOnFocus: false,
    revalidateOnReconnect: false,
  });
  const checkNow = useCallback(() => void mutate(), [mutate]);

  useEffect(() => {
    let returnedAt = 0;
    const onReturn = () => {
      const isSpentNow = pendingPolls.current >= pollLimit;
      if (document.visibilityState !== 'visible' || isSpentNow) {
        return;
      }
      if (Date.now() - returnedAt > RETURN_WINDOW_MS) {
        returnedAt = Date.now();
        checkNow();
      }
    };
    const onOffline = () => setTrouble({ kind: 'disconnected' });
    const onPageShow = (event: PageTransitionEvent) => event.persisted && onReturn();
    document.addEventListener('visibilitychange', onReturn);
    window.addEventListener('pageshow', onPageShow);
    window.addEventListener('online', onReturn);
    window.addEventListener('offline', onOffline);
    return () => {
      document.removeEventListener('visibilitychange', onReturn);
      window.removeEventListener('pageshow', onPageShow);
      window.removeEventListener('online', onReturn);
      window.removeEventListener('offline', onOffline);
      underWay.current?.abort();
    };
  }, [checkNow, pollLimit]);

  return { trouble, isSpent, checkNow };
}
