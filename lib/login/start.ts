import 'server-only';
import { randomUUID } from 'node:crypto';
import { createToken, hashToken } from '../crypto/token.ts';
import type { Start } from '../limits/start-limits.ts';
import { referenceOf } from '../observe/log.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { findAttemptByToken, insertAttempt, setPauthSession } from '../store/attempts.ts';
import { auditedTransaction } from '../store/audit.ts';
import { findAttemptByBrowserToken, findLiveAttempt, hasMovedOn } from '../store/browsers.ts';
import { acquireTransactionLock } from '../store/dialect.ts';
import type { LoginAttempt, Queries } from '../store/schema.ts';
import { type CallableAttempt, isAwaitingVendor, isCallable, isLive } from './attempt.ts';
import type { LoginDependencies } from './dependencies.ts';
import { endIn, endWithoutLogin } from './end.ts';
import { failureOfPauth, type LoginFailure } from './failures.ts';
import { handoffTokenOf } from './handoff-token.ts';
import { reportRefusedKey } from './refused-key.ts';
import { checkIntervalMs } from './schedule.ts';

export interface StartedAttempt {
  attempt: CallableAttempt;
  /** What the browser must hold to poll, cancel and complete the attempt. */
  attemptToken: string;
  /** What it must hold for its next attempt to be known as its own. */
  browserToken: string;
}

/** Who asks for an attempt. */
export interface Browser {
  /** What its last attempt left with it, if there was one; opens no attempt. */
  browserToken?: string | undefined;
  /** Opens the attempt it has already, if it has one. */
  attemptToken?: string | undefined;
  /** Where it is: see `networkOf`. */
  network: string;
  /** What it is: see `describeDevice`. */
  device?: string;
}

/**
 * Starts an attempt to log in with `phoneNumber`, or returns the live one this browser holds for the
 * same number, so that starting again never spends a second vendor session. Any other live attempt
 * of the browser is cancelled.
 *
 * A new attempt counts towards the limits; returning the live one does not.
 */
export async function startAttempt(
  deps: LoginDependencies,
  phoneNumber: PhoneNumber,
  browser: Browser,
): Promise<Result<StartedAttempt, LoginFailure>> {
  const own = await findOwnAttempt(deps, phoneNumber, browser);
  if (own !== null) {
    return succeed(own);
  }
  const start = { phoneNumberTag: deps.tagPhoneNumber(phoneNumber), network: browser.network };
  const counted = await deps.startLimits.consume(start);
  if (!counted.ok) {
    return fail({ code: 'rate_limited', ...counted.error });
  }
  const opened = await openAttempt(deps, phoneNumber, browser).catch(async (error: unknown) => {
    await deps.startLimits.refund(start);
    throw error;
  });
  const outcome = await askVendor(deps, opened, start);
  return outcome.ok
    ? succeed({
        attempt: outcome.value,
        attemptToken: opened.attemptToken,
        browserToken: opened.browserToken,
      })
    : outcome;
}

/** Whether this browser has an attempt that can still lead to a login. */
export async function hasLiveAttempt(
  deps: LoginDependencies,
  browserToken: string,
): Promise<boolean> {
  const last = await findAttemptByBrowserToken(deps.store, hashToken(browserToken));
  return last !== null && (await findLiveAttempt(deps.store, last.browser_hash)) !== null;
}

/**
 * The live attempt for this number that the browser can prove to hold. Knowing the browser's token
 * is no proof: it outlives attempts, and may have been copied before this one was started.
 */
async function findOwnAttempt(
  deps: LoginDependencies,
  phoneNumber: PhoneNumber,
  { attemptToken, browserToken }: Browser,
): Promise<StartedAttempt | null> {
  const attempt =
    attemptToken === undefined
      ? null
      : await findAttemptByToken(deps.store, hashToken(attemptToken));
  return attempt !== null &&
    attemptToken !== undefined &&
    browserToken !== undefined &&
    isLive(attempt) &&
    attempt.phone_number === phoneNumber &&
    attempt.expires_at > deps.clock.now() &&
    isCallable(attempt)
    ? { attempt, attemptToken, browserToken }
    : null;
}

interface OpenedAttempt {
  attempt: LoginAttempt;
  attemptToken: string;
  browserToken: string;
  callbackToken: string;
}

/**
 * Makes the row, in place of any live attempt of the same browser. It exists before the vendor is
 * asked, so that no callback can come too early.
 */
async function openAttempt(
  deps: LoginDependencies,
  phoneNumber: PhoneNumber,
  { browserToken: lastBrowserToken, device = '' }: Browser,
): Promise<OpenedAttempt> {
  const now = deps.clock.now();
  const id = randomUUID();
  const [attemptToken, browserToken, callbackToken] = [createToken(), createToken(), createToken()];

  const { attempt, previous } = await auditedTransaction(deps, async (audited) => {
    const { transaction, record } = audited;
    const known = await recogniseBrowser(transaction, lastBrowserToken);
    const browserHash = known ?? randomUUID();
    const previous = known === null ? null : await findLiveAttempt(transaction, known);
    if (previous !== null) {
      const state = previous.expires_at <= now ? 'expired' : 'cancelled';
      await endIn(audited, previous.id, { state, at: now });
    }
    const attempt = await insertAttempt(transaction, {
      id,
      token_hash: hashToken(attemptToken),
      callback_token_hash: hashToken(callbackToken),
      handoff_hash: hashToken(handoffTokenOf(attemptToken)),
      device,
      browser_hash: browserHash,
      browser_token_hash: hashToken(browserToken),
      phone_number: phoneNumber,
      created_at: now,
      expires_at: now + deps.rules.attemptTtlMs,
    });
    if (attempt === null) {
      throw new Error('a browser has two live attempts');
    }
    await record(
      { at: now, type: 'attempt_started', attemptId: id },
      { phoneNumber: deps.tagPhoneNumber(phoneNumber) },
    );
    return { attempt, previous };
  });
  if (previous !== null) {
    deps.notifications.wake(previous.id);
  }
  return { attempt, attemptToken, browserToken, callbackToken };
}

/**
 * Which browser presents a token of its last attempt, or null for one we do not know. A token counts
 * until the browser has come back with a later one, so a copy of an old cookie is a stranger's, and
 * an answer that was lost on the way makes nobody a stranger to themselves.
 */
async function recogniseBrowser(
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
  return (await hasMovedOn(transaction, last)) ? null : last.browser_hash;
}

/** What a start may take besides the vendor: its limits counted, its row written, on a slow day. */
const START_MARGIN_MS = 5_000;

/** Whether the process that was asking the vendor for it must have died: it has had its time. */
export function isAbandoned(deps: LoginDependencies, attempt: LoginAttempt, now: number): boolean {
  const mostMs = deps.rules.pauthTimeoutMs * 2 + START_MARGIN_MS;
  return isAwaitingVendor(attempt) && now - attempt.created_at > mostMs;
}

async function askVendor(
  deps: LoginDependencies,
  { attempt, callbackToken }: { attempt: LoginAttempt; callbackToken: string },
  start: Start,
): Promise<Result<CallableAttempt, LoginFailure>> {
  const callbackUrl = new URL(callbackToken, deps.rules.callbackBase);
  const reply = await deps.pauth.createSession(attempt.phone_number, callbackUrl);
  if (!reply.ok) {
    const failure = failureOfPauth(reply.error, 'create');
    deps.log.warn(
      {
        event: 'pauth_create_failed',
        attempt: referenceOf(attempt.id),
        phoneNumber: deps.tagPhoneNumber(attempt.phone_number),
        pauth: reply.error,
      },
      'the vendor made no session',
    );
    reportRefusedKey(deps, reply.error);
    await endWithoutLogin(deps, attempt, 'failed', failure.code);
    // What timed out may have made a session all the same. So may what broke off, but then the vendor is
    // failing, and nobody is to pay for that with their next starts.
    if (['refused', 'unreachable', 'held_back'].includes(reply.error.kind)) {
      await deps.startLimits.refund(start);
    }
    return fail(failure);
  }
  const nextCheckAt = deps.clock.now() + checkIntervalMs(0, deps.callbackReach.isProved());
  const answered = await setPauthSession(deps.store, attempt.id, reply.value, nextCheckAt);
  if (answered === null) {
    // One call would count for two attempts: better none of them than the wrong one.
    deps.log.error(
      { event: 'pauth_session_reused', attempt: referenceOf(attempt.id) },
      'the vendor gave one session to two attempts',
    );
    await endWithoutLogin(deps, attempt, 'failed', 'pauth_failed');
    return fail({ code: 'pauth_failed', retryAfterSeconds: null });
  }
  return callable(answered);
}

function callable(attempt: LoginAttempt): Result<CallableAttempt, LoginFailure> {
  if (attempt.state === 'pending' && isCallable(attempt)) {
    return succeed(attempt);
  }
  // It ended while the vendor was being asked.
  const code = attempt.state === 'cancelled' ? 'attempt_cancelled' : 'attempt_failed';
  return fail({ code, retryAfterSeconds: null });
}
