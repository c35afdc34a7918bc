import {
  type Ref,
  useCallback,
  useEffect,
  useEffectEvent,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import useSWR from 'swr';
import type { Answer } from '#components/api.ts';
import type { ProblemFacts } from '#lib/shared/messages/problem-text.ts';
import { createCutPolls } from './cut-polls.ts';
import { type AttemptStatus, pollStatus } from './poll-status.ts';

/** How an attempt ended: with a login, or without one and why. */
export type AttemptOutcome = Exclude<AttemptStatus, { status: 'pending' }>;

/** What the polls have seen. */
export interface PollsView {
  /** Why there is no status, to be shown. */
  trouble:
    | null
    /** No connection to the server. */
    | 'disconnected'
    /**
     * The server or the vendor is temporarily unavailable. Polls again after `retry_after_seconds`.
     */
    | 'retrying'
    /** The server refused without a retry time. Polls again all the same. */
    | ProblemFacts;
  /** Polling has stopped: only `checkNow` polls again. */
  isPaused: boolean;
  /** Whether the person has come back to the page, as from the dialler. */
  hasReturned: boolean;
}

/** What a person can do about the polls. */
export interface PollsHandle {
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
 * Polls the status of one attempt until it ends, and shows nothing: in a module of its own, so that SWR is
 * loaded with the call step. Stops after `pollLimit` pending replies; other
 * replies and failures do not count, and `checkNow` allows two more. SWR schedules the polls at the
 * server's pace and pauses while the page is hidden. Returning to the page polls immediately: on a
 * phone, the person was in the dialler.
 *
 * The count lasts as long as the component: key the component by attempt.
 *
 * @param props.sessionId the attempt's `session_id`, as the SWR key.
 * @param props.isTimeUp whether the attempt has expired by this device's clock. The server
 *   decides, so this polls at once, as `checkNow` does; from then on, a poll without a response is
 *   not repeated.
 * @param props.onPending called with the seconds left on each pending reply.
 * @param props.onOutcome called once the attempt has ended.
 * @param props.onMissing called with the server's answer when this browser has no attempt.
 * @param props.onView called when the view changes.
 */
export function StatusPolls(props: {
  ref: Ref<PollsHandle>;
  sessionId: string;
  pollLimit: number;
  /** The longest time that the server holds a poll. */
  holdSeconds: number;
  isTimeUp: boolean;
  onPending(expiresInSeconds: number): void;
  onOutcome(outcome: AttemptOutcome): void;
  onMissing(problem: ProblemFacts): void;
  onView(view: PollsView): void;
}) {
  const { sessionId, pollLimit, holdSeconds, isTimeUp, onPending, onOutcome, onMissing } = props;
  const { onView } = props;
  const [trouble, setTrouble] = useState<PollsView['trouble']>(null);
  /** Between the last answer and the next poll; 0 while one is in flight, null to stop polling. */
  const [pause, setPause] = useState<{ ms: number | null }>({ ms: 0 });
  const pendingReplies = useRef(0);
  const [cuts] = useState(() => createCutPolls(holdSeconds));
  const sent = useRef({ atMs: 0, holdSeconds: 0 });
  const inFlight = useRef<AbortController | null>(null);
  const isPrompted = useRef(false);

  const poll = async () => {
    inFlight.current?.abort();
    const controller = new AbortController();
    inFlight.current = controller;
    const wasPrompted = isPrompted.current;
    isPrompted.current = false;
    // Whether the connection is back is to be seen at once.
    const maxHoldSeconds = trouble === 'disconnected' ? 0 : cuts.maxHoldSeconds();
    setPause({ ms: 0 });
    return await pollStatus({
      sessionId,
      isPrompted: wasPrompted,
      maxHoldSeconds,
      signal: controller.signal,
      onSend: () => {
        sent.current = { atMs: performance.now(), holdSeconds: maxHoldSeconds };
      },
    });
  };

  const handleAnswer = (answer: Answer<AttemptStatus>) => {
    if (answer.kind === 'no_answer') {
      setPause({ ms: isTimeUp ? null : PAUSE_AFTER_FAILURE_MS });
      // A phone may freeze a hidden page and its requests: how long the poll was held is unknown.
      const looksDisconnected = cuts.recordCut(
        document.hidden ? 0 : performance.now() - sent.current.atMs,
        sent.current.holdSeconds,
      );
      if (looksDisconnected || isTimeUp || !navigator.onLine) {
        setTrouble('disconnected');
      }
      return;
    }
    cuts.recordResponse();
    if (answer.kind === 'refused') {
      const { code, retry_after_seconds: retryAfterSeconds } = answer.problem;
      if (code === 'attempt_missing') {
        onMissing(answer.problem);
      } else if (retryAfterSeconds === undefined) {
        setPause({ ms: PAUSE_AFTER_REFUSAL_MS });
        setTrouble(answer.problem);
      } else {
        setPause({ ms: Math.max(1, retryAfterSeconds) * 1_000 });
        setTrouble('retrying');
      }
      return;
    }
    const { reply } = answer;
    setTrouble(null);
    if (reply.status !== 'pending') {
      onOutcome(reply);
      return;
    }
    pendingReplies.current += 1;
    const isLast = pendingReplies.current >= pollLimit;
    setPause({ ms: isLast ? null : Math.max(MIN_PAUSE_MS, reply.poll_after_ms) });
    onPending(reply.expires_in_seconds);
  };

  const { mutate } = useSWR(['/api/auth/status', sessionId], poll, {
    // SWR restarts its timer when this function changes, as it does with each answer; 0 stops it.
    refreshInterval: useCallback(() => pause.ms ?? 0, [pause]),
    onSuccess: handleAnswer,
    dedupingInterval: 0,
    // A browser may say that it is offline while it is not.
    refreshWhenOffline: true,
    // SWR throttles both and reuses the poll in flight; `pollNow` below replaces it.
    revalidateOnFocus: false,
    revalidateOnReconnect: false,
  });
  const pollNow = () => {
    isPrompted.current = true;
    void mutate();
  };
  const checkNow = () => {
    pendingReplies.current = Math.min(pendingReplies.current, pollLimit - POLLS_PER_PRESS);
    pollNow();
  };

  const onTimeUp = useEffectEvent(checkNow);
  useEffect(() => {
    if (isTimeUp) {
      onTimeUp();
    }
  }, [isTimeUp]);

  const [hasReturned, setHasReturned] = useState(false);
  const returnedAt = useRef(0);
  const pollOnReturn = useEffectEvent(() => {
    if (document.hidden || pendingReplies.current >= pollLimit) {
      return;
    }
    if (Date.now() - returnedAt.current > RETURN_WINDOW_MS) {
      returnedAt.current = Date.now();
      pollNow();
    }
  });
  useEffect(() => {
    const onReturn = () => {
      if (!document.hidden) {
        setHasReturned(true);
        pollOnReturn();
      }
    };
    const onOnline = () => {
      // The next poll may be held for a while: clear the notice now.
      setTrouble(null);
      pollOnReturn();
    };
    const onOffline = () => {
      setTrouble('disconnected');
      // An answer on its way would say that the connection is there.
      inFlight.current?.abort();
    };
    const onPageShow = (event: PageTransitionEvent) => event.persisted && onReturn();
    // A page that the browser keeps for the way back must not hold up the polls of other tabs.
    const onPageHide = () => inFlight.current?.abort();
    const unmounted = new AbortController();
    document.addEventListener('visibilitychange', onReturn, unmounted);
    window.addEventListener('pageshow', onPageShow, unmounted);
    window.addEventListener('pagehide', onPageHide, unmounted);
    // Some in-app browsers report no change of visibility.
    window.addEventListener('focus', onReturn, unmounted);
    window.addEventListener('online', onOnline, unmounted);
    window.addEventListener('offline', onOffline, unmounted);
    return () => unmounted.abort();
  }, []);

  // In a layout effect: aborts on unmount without waiting for the next paint.
  useLayoutEffect(() => () => inFlight.current?.abort(), []);

  const isPaused = pause.ms === null;
  useLayoutEffect(
    () => onView({ trouble, isPaused, hasReturned }),
    [onView, trouble, isPaused, hasReturned],
  );
  useImperativeHandle(props.ref, () => ({ checkNow }));
  return null;
}
