import 'server-only';
import { hashToken } from '../crypto/token.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { findAttemptByToken } from '../store/attempts.ts';
import {
  findAttemptByBrowserToken,
  findLiveAttempt,
  hasConfirmedLaterAttempt,
} from '../store/browsers.ts';
import { acquireTransactionLock } from '../store/dialect.ts';
import type { Queries } from '../store/schema.ts';
import { type CallableAttempt, isCallable, isLive } from './attempt.ts';
import type { LoginDependencies } from './dependencies.ts';

/** Who asks for an attempt. */
export interface Browser {
  /** Left by its last attempt, if there was one; opens no attempt. */
  browserToken?: string | undefined;
  /** Opens the attempt it has, if it has one. */
  attemptToken?: string | undefined;
  /** See `networkOf`. */
  network: string;
  /** See `describeDevice`. */
  device?: string;
}

/** An attempt with the tokens that its browser holds. */
export interface StartedAttempt {
  attempt: CallableAttempt;
  /** Needed to poll, cancel and complete the attempt. */
  attemptToken: string;
  /** Shows with the next start that it is the same browser. */
  browserToken: string;
}

/** Whether this browser has an attempt that can still lead to a login. */
export async function hasLiveAttempt(
  { store }: LoginDependencies,
  browserToken: string,
): Promise<boolean> {
  const last = await findAttemptByBrowserToken(store, hashToken(browserToken));
  return last !== null && (await findLiveAttempt(store, last.browser_hash)) !== null;
}

/**
 * The live attempt for this number that the browser can prove to hold. Its browser token is no proof:
 * it outlives attempts, and may have been copied before this one was started.
 */
export async function findOwnAttempt(
  { store, clock }: LoginDependencies,
  phoneNumber: PhoneNumber,
  { attemptToken, browserToken }: Browser,
): Promise<StartedAttempt | null> {
  if (attemptToken === undefined || browserToken === undefined) {
    return null;
  }
  const attempt = await findAttemptByToken(store, hashToken(attemptToken));
  return attempt !== null &&
    isLive(attempt) &&
    attempt.phone_number === phoneNumber &&
    attempt.expires_at > clock.now() &&
    isCallable(attempt)
    ? { attempt, attemptToken, browserToken }
    : null;
}

/**
 * Which browser presents a token of its last attempt, or null for an unknown one. A token counts until
 * the browser has come back with a later one: a copy of an old cookie is a stranger's, and a lost
 * answer makes no browser a stranger to itself. Holds the lock of the browser until the commit.
 */
export async function recognizeBrowser(
  transaction: Queries,
  browserToken: string | undefined,
): Promise<string | null> {
  const last =
    browserToken === undefined
      ? null
      : await findAttemptByBrowserToken(transaction, hashToken(browserToken));
  if (last === null) {
    return null;
  }
  await acquireTransactionLock(transaction, `browser ${last.browser_hash}`);
  return (await hasConfirmedLaterAttempt(transaction, last)) ? null : last.browser_hash;
}
