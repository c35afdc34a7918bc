import 'server-only';
import { hashToken } from '../crypto/token.ts';
import type { AttemptSubscription, Moment } from '../notify/attempt-notifications.ts';
import { type Result, succeed } from '../shared/result.ts';
import { findAttemptById, findAttemptByToken } from '../store/attempts.ts';
import { confirmAttempt } from '../store/browsers.ts';
import { scheduleCheckForPerson } from '../store/checks.ts';
import type { LoginAttempt } from '../store/schema.ts';
import { canComplete, isLive } from './attempt.ts';
import { checkIfDue } from './check.ts';
import type { LoginDependencies } from './dependencies.ts';
import type { LoginFailure } from './failures.ts';
import { PROMPTED_CHECK_MS } from './schedule.ts';

/** How long a browser that asks for its attempt is ready to wait, and why it asks. */
export interface Wait {
  /** How long to wait for something to change; 0 does not wait. */
  holdMs: number;
  /** The person says they have called, or is back from the dialler: the vendor is asked soon. */
  isPrompted: boolean;
  /** Aborted when nobody waits for the answer any more. */
  signal?: AbortSignal;
}

/** What a wait came to. */
export interface Waited {
  /** The attempt as it is now, null where no attempt has the token; or why the vendor did not answer. */
  news: Result<LoginAttempt | null, LoginFailure>;
  /** Until when whoever waits is ready to, by `clock.elapsed`. */
  holdUntilMs: number;
}

/**
 * Waits until there is something to tell the browser that holds `attemptToken`: its attempt was
 * verified or is over, or the vendor does not answer or does again; or the time is up. Asks the
 * vendor where that is due. Notes that the browser has its attempt, and for a prompted poll that the
 * vendor is to be asked soon. Logs nobody in.
 */
export async function awaitNews(
  deps: LoginDependencies,
  attemptToken: string,
  { holdMs, isPrompted, signal }: Wait,
): Promise<Waited> {
  const holdUntilMs = deps.clock.elapsed() + holdMs;
  const since = deps.notifications.moment();
  let attempt = await findAttemptByToken(deps.store, hashToken(attemptToken));
  if (attempt?.confirmed_at === null) {
    await confirmAttempt(deps.store, attempt.id, deps.clock.now());
  }
  if (attempt !== null && isPrompted) {
    const checkAt = deps.clock.now() + PROMPTED_CHECK_MS;
    attempt = (await scheduleCheckForPerson(deps.store, attempt.id, checkAt)) ?? attempt;
  }
  return { news: await awaitChange(deps, { attempt, since }, holdUntilMs, signal), holdUntilMs };
}

/**
 * The same for an attempt as it was read after the moment `since`, until `holdUntilMs` by
 * `clock.elapsed`.
 */
export async function awaitChange(
  deps: LoginDependencies,
  first: { attempt: LoginAttempt | null; since: Moment },
  holdUntilMs: number,
  signal: AbortSignal | undefined,
): Promise<Waited['news']> {
  if (first.attempt === null) {
    return succeed(null);
  }
  const { id, check_failures: failuresAtFirst } = first.attempt;
  let attempt: LoginAttempt | null = first.attempt;
  let { since } = first;
  const look = async () => {
    since = deps.notifications.moment();
    return await findAttemptById(deps.store, id);
  };
  let listener: AttemptSubscription | undefined;
  try {
    for (;;) {
      if (attempt === null || !isLive(attempt) || canComplete(attempt, deps.clock.now())) {
        return succeed(attempt);
      }
      const checked = await checkIfDue(deps, attempt);
      if (!checked.ok) {
        return checked;
      }
      if (checked.value !== 'not_due') {
        attempt = checked.value === 'changed' ? await look() : checked.value;
        continue;
      }
      // A page that has been told of trouble is told at once that it is over.
      const hasRecovered = failuresAtFirst > 0 && attempt.check_failures === 0;
      if (hasRecovered || isWaitOver(deps, holdUntilMs, signal)) {
        return succeed(attempt);
      }
      if (listener === undefined && deps.notifications.countListening(id) >= MOST_WAITING) {
        return succeed(attempt);
      }
      listener ??= deps.notifications.listen(id, since);
      const now = deps.clock.now();
      const holdMs = holdUntilMs - deps.clock.elapsed();
      const waitMs = Math.min(holdMs, Math.min(attempt.expires_at, nextStepAt(attempt, now)) - now);
      const hasChanged = await listener.wait(Math.max(SHORTEST_WAIT_MS, waitMs), signal);
      if (isUnwanted(deps, signal) || (!hasChanged && isWaitOver(deps, holdUntilMs, signal))) {
        // Most waits end so, ten thousand at once where the process is to end: not worth another look.
        return succeed(attempt);
      }
      attempt = await look();
    }
  } finally {
    listener?.close();
  }
}

/** Whether nothing is waited for any more: the time is up, nobody waits, or this process is to end. */
export function isWaitOver(
  deps: LoginDependencies,
  holdUntilMs: number,
  signal: AbortSignal | undefined,
): boolean {
  return holdUntilMs <= deps.clock.elapsed() || isUnwanted(deps, signal);
}

/** Whether nobody waits any more, or this process is to end. */
function isUnwanted(
  { notifications }: LoginDependencies,
  signal: AbortSignal | undefined,
): boolean {
  return signal?.aborted === true || notifications.isClosed();
}

/** Between two looks at an attempt that somebody else is working on, in milliseconds. */
const SHORTEST_WAIT_MS = 50;

/** The same while somebody else is asking the vendor and we are to ask again. */
export const LEASED_WAIT_MS = 500;

/** How many may wait for one attempt in one process: more tabs than anybody has open, and no flood. */
export const MOST_WAITING = 200;

/** When there is something to do for a live attempt, if nothing wakes us before. */
function nextStepAt(attempt: LoginAttempt, now: number): number {
  if (attempt.pauth_session_id === null || attempt.state === 'verified') {
    return now + SHORTEST_WAIT_MS;
  }
  const { next_check_at: nextCheckAt, check_leased_until: leasedUntil } = attempt;
  // Whoever is asking the vendor is done long before their lease ends, and tells nobody of "not yet".
  return leasedUntil > now
    ? Math.min(leasedUntil, Math.max(nextCheckAt, now + LEASED_WAIT_MS))
    : nextCheckAt;
}
