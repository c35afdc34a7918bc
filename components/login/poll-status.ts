import { type Answer, answerOf, request } from '#components/api.ts';
import { type AttemptReply, isStatusReply } from '#components/replies.ts';
import { PROMPTED_HEADER } from '#lib/shared/prompted-header.ts';

/** The status of an attempt, in the words of `lib/shared/attempt-states.ts`. */
export type AttemptStatus = Exclude<AttemptReply, { status: 'verified' }> | { status: 'completed' };

interface Poll {
  /** The attempt's `session_id`. */
  sessionId: string;
  /** Whether a person asked for this poll: the server then checks with the vendor soon. */
  isPrompted: boolean;
  /**
   * The longest time the server may hold it, sent as `Prefer: wait` (RFC 7240); the server may hold it
   * for less.
   */
  maxHoldSeconds: number;
  signal: AbortSignal;
  /** Called when the request is sent: at once, or when another tab has released the lock. */
  onSend(): void;
}

/** What a poll may take besides the time for which the server holds it. */
const MARGIN_MS = 5_000;

/**
 * Polls the status of this browser's attempt. The server may hold the request until it changes.
 *
 * A held request takes one of the six connections that a browser opens to a host over HTTP/1.1, so
 * that six waiting tabs would keep every other page from loading. Therefore one tab at a time has its
 * poll held, and the others take its reply as theirs. Where the browser has no locks, as on a page over
 * plain HTTP, each tab polls for itself.
 */
export async function pollStatus(poll: Poll): Promise<Answer<AttemptStatus>> {
  const isShared = poll.maxHoldSeconds > 0 && 'locks' in navigator;
  const answer = await (isShared ? pollForAllTabs(poll) : send(poll, poll.signal));
  return answer.kind === 'ok' ? { ...answer, reply: attemptStatusOf(answer.reply) } : answer;
}

/**
 * Translates the wire status. The vendor's guide calls a completed login `verified`; everywhere
 * else in the app a verified attempt is one whose login is not completed yet. Translated only here.
 */
function attemptStatusOf(reply: AttemptReply): AttemptStatus {
  return reply.status === 'verified' ? { status: 'completed' } : reply;
}

async function send(
  { isPrompted, maxHoldSeconds, onSend }: Poll,
  signal: AbortSignal,
): Promise<Answer<AttemptReply>> {
  onSend();
  return await request('/api/auth/status', isStatusReply, {
    headers: {
      prefer: `wait=${maxHoldSeconds}`,
      ...(isPrompted && { [PROMPTED_HEADER]: '1' }),
    },
    signal,
    timeLimitMs: timeLimitMs({ maxHoldSeconds }),
  });
}

function timeLimitMs({ maxHoldSeconds }: Pick<Poll, 'maxHoldSeconds'>): number {
  return maxHoldSeconds * 1_000 + MARGIN_MS;
}

/**
 * Waits for the reply to another tab's poll, or for the lock with which this tab may poll. Steals the lock
 * if a person asks in this tab, or if another tab holds it for longer than a poll takes, because the
 * browser has suspended its page.
 */
async function pollForAllTabs(poll: Poll): Promise<Answer<AttemptReply>> {
  let steals = poll.isPrompted;
  while (!poll.signal.aborted) {
    try {
      const wait = replyOrLock(poll, steals, () => {
        steals = true;
      });
      steals = false;
      return await wait;
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) {
        return await send(poll, poll.signal);
      }
      // The wait took too long, or another tab has stolen the lock.
    }
  }
  return { kind: 'no_answer' };
}

/** @throws `AbortError` if there is neither. */
async function replyOrLock(
  poll: Poll,
  steals: boolean,
  onGiveUp: () => void,
): Promise<Answer<AttemptReply>> {
  const name = `attempt ${poll.sessionId}`;
  const channel = new BroadcastChannel(name);
  // For this wait and this poll alone: both end when the lock is stolen.
  const ownWait = new AbortController();
  const end = () => ownWait.abort();
  poll.signal.addEventListener('abort', end);
  const timer = setTimeout(() => {
    onGiveUp();
    end();
  }, timeLimitMs(poll));
  const heard = new Promise<Answer<AttemptReply>>((resolve) => {
    channel.onmessage = ({ data }) => resolve(answerOf(data, isStatusReply));
  });
  const own = navigator.locks.request(
    name,
    steals ? { steal: true } : { signal: ownWait.signal },
    async () => {
      clearTimeout(timer);
      channel.onmessage = null;
      const answer = await send(poll, ownWait.signal);
      if (answer.kind !== 'no_answer') {
        channel.postMessage(answer.kind === 'ok' ? answer.reply : answer.problem);
      }
      return answer;
    },
  );
  try {
    return await Promise.race([heard, own]);
  } finally {
    clearTimeout(timer);
    poll.signal.removeEventListener('abort', end);
    end();
    channel.close();
  }
}
