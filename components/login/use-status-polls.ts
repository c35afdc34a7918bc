import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import useSWR from 'swr';
import { type AttemptStatus, type PollAnswer, pollStatus } from '#components/api.ts';
import { createCutPolls } from './cut-polls.ts';

/** How an attempt ended: with a login, or without one and why. */
export type AttemptOutcome = Exclude<AttemptStatus, { status: 'pending' }>;

export interface StatusPolls {
  /** Why there is no status, to be shown. */
  trouble:
    | { kind: 'none' }
    /** No connection to the server. */
    | { kind: 'disconnected' }
    /**
     * The server or the vendor is temporarily unavailable. Polls again after `retry_after_seconds`.
     */
    | { kind: 'retrying' }
    /** The server refused without a retry time, with its message. Polls again all the same. */
    | { kind: 'refused'; error: string };
  /** Polling has stopped: only `checkNow` polls again. */
  isPaused: boolean;
  /** Polls now instead of the poll in flight, and once more to pick up the vendor's reply. */
  checkNow(): void;
}

/** Between two polls that the server holds. */
const MIN_PAUSE_MS = 250;
const PAUSE_AFTER_FAILURE_MS = 2_000;
const PAUSE_AFTER_REFUSAL_MS = 5_000;
/** The first makes the server check with the vendor soon, the second picks up the result. */
const POLLS_PER_PRESS = 2;
/** Returning to the page fires several events within this window. */
const RETURN_WINDOW_MS = 500;

/**
 * Polls the status of one attempt until it ends. Stops after `pollLimit` pending replies; other
 * replies and failures do not count, and `checkNow` allows two more. SWR schedules the polls at the
 * server's pace and pauses while the page is hidden. Returning to the page polls immediately: on a
 * phone, the person was in the dialler.
 *
 * The count lasts as long as the component: key the component by attempt.
 *
 * @param options.sessionId the attempt's `session_id`, as the SWR key.
 * @param options.isTimeUp whether the attempt has expired by this device's clock: from then on, a
 *   poll without a response is not repeated.
 * @param options.onPending called with the seconds left on each pending reply.
 * @param options.onOutcome called once the attempt has ended.
 * @param options.onMissing called with the server's message when this browser has no attempt.
 */
export function useStatusPolls(options: {
  sessionId: string;
  pollLimit: number;
  isTimeUp: boolean;
  onPending(expiresInSeconds: number): void;
  onOutcome(outcome: AttemptOutcome): void;
  onMissing(error: string): void;
}): StatusPolls {
  const { sessionId, pollLimit, isTimeUp, onPending, onOutcome, onMissing } = options;
  const [trouble, setTrouble] = useState<StatusPolls['trouble']>({ kind: 'none' });
  const [isPaused, setIsPaused] = useState(false);
  const [answerCount, setAnswerCount] = useState(0);
  const pendingReplies = useRef(0);
  const [cuts] = useState(createCutPolls);
  const sentAt = useRef(0);
  const inFlight = useRef<AbortController | null>(null);
  const isPrompted = useRef(false);

  const poll = useCallback(async (): Promise<PollAnswer> => {
    inFlight.current?.abort();
    const controller = new AbortController();
    inFlight.current = controller;
    const wasPrompted = isPrompted.current;
    isPrompted.current = false;
    sentAt.current = performance.now();
    return await pollStatus({
      isPrompted: wasPrompted,
      maxHoldSeconds: cuts.maxHoldSeconds(),
      signal: controller.signal,
    });
  }, [cuts]);

  /**
   * Milliseconds until the next poll; 0 stops SWR's timer. SWR restarts the timer when this
   * function's identity changes, which `answerCount` makes happen with each answer.
   */
  const pauseAfter = useCallback(
    (answer: PollAnswer | undefined): number => {
      if (answerCount === 0 || answer === undefined) {
        return 0;
      }
      switch (answer.kind) {
        case 'no_answer':
          return isTimeUp ? 0 : PAUSE_AFTER_FAILURE_MS;
        case 'refused':
          return pauseAfterRefusal(answer.problem);
        case 'status':
          return answer.attempt.status === 'pending' && pendingReplies.current < pollLimit
            ? Math.max(MIN_PAUSE_MS, answer.attempt.poll_after_ms)
            : 0;
      }
    },
    [answerCount, isTimeUp, pollLimit],
  );

  const handleAnswer = (answer: PollAnswer) => {
    setAnswerCount((count) => count + 1);
    if (answer.kind === 'no_answer') {
      // A phone may freeze a hidden page and its requests: how long the poll was held is unknown.
      const looksDisconnected = cuts.recordCut(
        document.hidden ? 0 : performance.now() - sentAt.current,
      );
      setIsPaused(isTimeUp);
      if (looksDisconnected || isTimeUp || !navigator.onLine) {
        setTrouble({ kind: 'disconnected' });
      }
      return;
    }
    cuts.recordResponse();
    if (answer.kind === 'refused') {
      const { code, error, retry_after_seconds: retryAfterSeconds } = answer.problem;
      if (code === 'attempt_missing') {
        onMissing(error);
        return;
      }
      setTrouble(
        retryAfterSeconds === undefined ? { kind: 'refused', error } : { kind: 'retrying' },
      );
      return;
    }
    setTrouble({ kind: 'none' });
    const { attempt } = answer;
    if (attempt.status !== 'pending') {
      onOutcome(attempt);
      return;
    }
    pendingReplies.current += 1;
    setIsPaused(pendingReplies.current >= pollLimit);
    onPending(attempt.expires_in_seconds);
  };

  const { mutate } = useSWR(['/api/auth/status', sessionId], poll, {
    refreshInterval: pauseAfter,
    onSuccess: handleAnswer,
    dedupingInterval: 0,
    // SWR throttles both and reuses the poll in flight; `pollNow` below replaces it.
    revalidateOnFocus: false,
    revalidateOnReconnect: false,
  });
  const pollNow = useCallback(() => {
    isPrompted.current = true;
    void mutate();
  }, [mutate]);
  const checkNow = useCallback(() => {
    pendingReplies.current = Math.min(pendingReplies.current, pollLimit - POLLS_PER_PRESS);
    setIsPaused(false);
    pollNow();
  }, [pollNow, pollLimit]);

  useEffect(() => {
    let returnedAt = 0;
    const onReturn = () => {
      if (document.hidden || pendingReplies.current >= pollLimit) {
        return;
      }
      if (Date.now() - returnedAt > RETURN_WINDOW_MS) {
        returnedAt = Date.now();
        pollNow();
      }
    };
    const onOnline = () => {
      // The next poll may be held for a while: clear the notice now.
      setTrouble({ kind: 'none' });
      onReturn();
    };
    const onOffline = () => setTrouble({ kind: 'disconnected' });
    const onPageShow = (event: PageTransitionEvent) => event.persisted && onReturn();
    const unmounted = new AbortController();
    document.addEventListener('visibilitychange', onReturn, unmounted);
    window.addEventListener('pageshow', onPageShow, unmounted);
    window.addEventListener('online', onOnline, unmounted);
    window.addEventListener('offline', onOffline, unmounted);
    return () => unmounted.abort();
  }, [pollNow, pollLimit]);

  // In a layout effect: aborts on unmount without waiting for the next paint.
  useLayoutEffect(() => () => inFlight.current?.abort(), []);

  return { trouble, isPaused, checkNow };
}

function pauseAfterRefusal(problem: { code: string; retry_after_seconds?: number | undefined }) {
  if (problem.code === 'attempt_missing') {
    return 0;
  }
  const seconds = problem.retry_after_seconds;
  return seconds === undefined ? PAUSE_AFTER_REFUSAL_MS : Math.max(1, seconds) * 1_000;
}
