import 'server-only';
import { hashToken } from '../crypto/token.ts';
import { liveStates } from '../shared/attempt-states.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { findAttempt } from '../store/attempts.ts';
import {
  findAttemptByBrowserToken,
  hasConfirmedLaterAttempt,
  hasLiveAttemptByToken,
} from '../store/browsers.ts';
import { acquireTransactionLock } from '../store/dialect.ts';
import type { Queries } from '../store/schema.ts';
import { type CallableAttempt, isCallable } from './attempt.ts';
import type { LoginDependencies } from './dependencies.ts';

/** The browser that starts an attempt. */
export interface Browser {
  /** From its last attempt, if any; gives no access to that attempt. */
  browserToken?: string | undefined;
  /** Of its current attempt, if any. */
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
  /** Identifies the browser at its next start. */
  browserToken: string;
}

/** Whether this browser has an attempt that can still lead to a login. */
export async function hasLiveAttempt(
  { store }: LoginDependencies,
  browserToken: string,
): Promise<boolean> {
  return await hasLiveAttemptByToken(store, hashToken(browserToken));
}

/**
 * Finds the live attempt for this number whose token the browser holds. The browser token alone is not
 * enough: it outlives attempts, so it may have been copied before this one was started.
 */
export async function findOwnAttempt(
  { store, clock }: LoginDependencies,
  phoneNumber: PhoneNumber,
  { attemptToken, browserToken }: Browser,
): Promise<StartedAttempt | null> {
  if (attemptToken === undefined || browserToken === undefined) {
    return null;
  }
  const attempt = await findAttempt(store, 'token_hash', hashToken(attemptToken));
  return attempt !== null &&
    liveStates.some((state) => state === attempt.state) &&
    attempt.phone_number === phoneNumber &&
    attempt.expires_at > clock.now() &&
    isCallable(attempt)
    ? { attempt, attemptToken, browserToken }
    : null;
}

/**
 * Identifies the browser that presents a token, and locks it until the commit. A token is valid until the
 * browser has presented the cookie of a later attempt: so a copy of an old cookie is worthless, and a lost
 * response does not make the browser unknown.
 *
 * @returns its `browser_hash`; null for an unknown browser.
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
