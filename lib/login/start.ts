import 'server-only';
import { randomUUID } from 'node:crypto';
import type { Start } from '../limits/start-limits.ts';
import { fail, type Result, succeed } from '../result.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import {
  endAttempt,
  findAttemptById,
  findLiveAttempt,
  insertAttempt,
  setPauthSession,
} from '../store/attempts.ts';
import { insertEvent } from '../store/events.ts';
import type { LoginAttempt } from '../store/schema.ts';
import { createToken, deriveToken, hashToken } from '../token.ts';
import { endWithoutLogin } from './end.ts';
import { failureOfPauth, type LoginFailure } from './failures.ts';
import { checkIntervalMs } from './pace.ts';
import type { LoginParts } from './parts.ts';

/** An attempt the vendor knows of: there is a number to call. */
export type CallableAttempt = LoginAttempt & { call_number: PhoneNumber };

export interface StartedAttempt {
  attempt: CallableAttempt;
  /** What the browser must hold to poll, cancel and complete the attempt. */
  attemptToken: string;
}

/** Who asks for an attempt. */
export interface Browser {
  /** Tells its attempts from those of other browsers. */
  browserToken: string;
  /** Where it is: see `networkOf`. */
  network: string;
}

/** While the same browser's other request waits for the vendor: how often to look. */
const LOOK_AGAIN_MS = 250;

/**
 * Starts an attempt to log in with `phoneNumber`, or returns the live one this browser has for the
 * same number, so that a reload or a double click never spends a second vendor session. A live
 * attempt for another number is cancelled.
 *
 * A new attempt counts towards the limits; returning the live one does not.
 */
export async function startAttempt(
  parts: LoginParts,
  phoneNumber: PhoneNumber,
  browser: Browser,
): Promise<Result<StartedAttempt, LoginFailure>> {
  const { browserToken, network } = browser;
  const start = { phoneNumberTag: parts.tagPhoneNumber(phoneNumber), network };
  const outcome = await startWithin(parts, phoneNumber, browserToken, start);
  if (!outcome.ok) {
    return outcome;
  }
  const attemptToken = tokenOf(outcome.value.id, browserToken);
  return succeed({ attempt: outcome.value, attemptToken });
}

/** The token of the one attempt of this browser that can still lead to a login, if there is one. */
export async function findLiveAttemptToken(
  parts: LoginParts,
  browserToken: string,
): Promise<string | undefined> {
  const live = await findLiveAttempt(parts.store, hashToken(browserToken));
  return live === null ? undefined : tokenOf(live.id, browserToken);
}

/**
 * The row is made before the start is counted, and found before it is looked at whether it would be:
 * so the second of two parallel starts finds the first one's attempt, whatever the limits say.
 */
async function startWithin(
  parts: LoginParts,
  phoneNumber: PhoneNumber,
  browserToken: string,
  start: Start,
): Promise<Result<CallableAttempt, LoginFailure>> {
  const live = await findLiveAttempt(parts.store, hashToken(browserToken));
  if (live === null || live.phone_number !== phoneNumber) {
    const allowed = await parts.startLimits.check(start);
    if (!allowed.ok) {
      return fail({ code: 'rate_limited', ...allowed.error });
    }
  }
  const opened = await openAttempt(parts, phoneNumber, browserToken);
  if (live !== null && live.id !== opened.attempt.id) {
    parts.wakeUps.wake(live.id);
  }
  if (!opened.isNew) {
    return await waitForVendor(parts, opened.attempt);
  }
  const counted = await parts.startLimits.consume(start);
  if (!counted.ok) {
    await endWithoutLogin(parts, opened.attempt, 'failed', 'rate_limited');
    return fail({ code: 'rate_limited', ...counted.error });
  }
  return await askVendor(parts, opened, start);
}

/** Follows from the browser's token, so that two parallel starts of one browser answer the same. */
function tokenOf(attemptId: string, browserToken: string): string {
  return deriveToken(browserToken, `attempt ${attemptId}`);
}

type OpenedAttempt =
  | { isNew: true; attempt: LoginAttempt; callbackToken: string }
  | { isNew: false; attempt: LoginAttempt };

/** Makes the row. It exists before the vendor is asked, so that no callback can come too early. */
async function openAttempt(
  parts: LoginParts,
  phoneNumber: PhoneNumber,
  browserToken: string,
): Promise<OpenedAttempt> {
  const now = parts.clock.now();
  const browserHash = hashToken(browserToken);
  const id = randomUUID();
  const callbackToken = createToken();

  return await parts.store.transaction().execute(async (transaction) => {
    const previous = await findLiveAttempt(transaction, browserHash);
    if (previous !== null) {
      const hasExpired = previous.expires_at <= now || isAbandoned(parts, previous, now);
      if (!hasExpired && previous.phone_number === phoneNumber) {
        return { isNew: false, attempt: previous };
      }
      const state = hasExpired ? 'expired' : 'cancelled';
      await endAttempt(transaction, previous.id, { state, endedAt: now });
      await insertEvent(transaction, {
        at: now,
        type: `attempt_${state}`,
        attemptId: previous.id,
      });
    }
    const inserted = await insertAttempt(transaction, {
      id,
      token_hash: hashToken(tokenOf(id, browserToken)),
      callback_token_hash: hashToken(callbackToken),
      browser_hash: browserHash,
      phone_number: phoneNumber,
      created_at: now,
      expires_at: now + parts.rules.attemptTtlMs,
    });
    const attempt = inserted
      ? await findAttemptById(transaction, id)
      : await findLiveAttempt(transaction, browserHash);
    if (attempt === null) {
      throw new Error('an attempt vanished inside its own transaction');
    }
    if (!inserted) {
      return { isNew: false, attempt };
    }
    await insertEvent(transaction, { at: now, type: 'attempt_started', attemptId: id });
    return { isNew: true, attempt, callbackToken };
  });
}

/** Whether the process that was asking the vendor for it must have died: it has had its time. */
function isAbandoned(parts: LoginParts, attempt: LoginAttempt, now: number): boolean {
  return isAwaitingVendor(attempt) && now - attempt.created_at > parts.rules.pauthTimeoutMs * 2;
}

async function askVendor(
  parts: LoginParts,
  { attempt, callbackToken }: { attempt: LoginAttempt; callbackToken: string },
  start: Start,
): Promise<Result<CallableAttempt, LoginFailure>> {
  const callbackUrl = new URL(callbackToken, parts.rules.callbackBase);
  const reply = await parts.pauth.createSession(attempt.phone_number, callbackUrl);
  if (!reply.ok) {
    const failure = failureOfPauth(reply.error, 'create');
    parts.log.warn(
      {
        event: 'pauth_create_failed',
        attempt: attempt.id,
        phoneNumber: parts.tagPhoneNumber(attempt.phone_number),
        pauth: reply.error,
      },
      'the vendor made no session',
    );
    await endWithoutLogin(parts, attempt, 'failed', failure.code);
    // Otherwise the vendor may have made a session all the same.
    if (reply.error.kind === 'refused' || reply.error.kind === 'unreachable') {
      await parts.startLimits.refund(start);
    }
    return fail(failure);
  }
  const nextCheckAt = parts.clock.now() + checkIntervalMs(0);
  await setPauthSession(parts.store, attempt.id, reply.value, nextCheckAt);
  parts.wakeUps.wake(attempt.id);
  return callable(await findAttemptById(parts.store, attempt.id));
}

/** Another request of this browser has asked the vendor already: wait for its answer. */
async function waitForVendor(
  parts: LoginParts,
  attempt: LoginAttempt,
): Promise<Result<CallableAttempt, LoginFailure>> {
  const listener = parts.wakeUps.listen(attempt.id);
  try {
    let latest: LoginAttempt | null = attempt;
    const looks = Math.ceil(parts.rules.pauthTimeoutMs / LOOK_AGAIN_MS) + 1;
    for (let look = 0; look < looks && isAwaitingVendor(latest); look += 1) {
      await listener.wait(LOOK_AGAIN_MS);
      latest = await findAttemptById(parts.store, attempt.id);
    }
    return callable(latest);
  } finally {
    listener.close();
  }
}

function isAwaitingVendor(attempt: LoginAttempt | null): boolean {
  return attempt !== null && attempt.state === 'pending' && attempt.call_number === null;
}

function callable(attempt: LoginAttempt | null): Result<CallableAttempt, LoginFailure> {
  if (attempt === null || isAwaitingVendor(attempt)) {
    return fail({ code: 'pauth_timed_out', retryAfterSeconds: null });
  }
  if (attempt.state === 'pending' || attempt.state === 'verified') {
    return isCallable(attempt)
      ? succeed(attempt)
      : fail({ code: 'attempt_failed', retryAfterSeconds: null });
  }
  // It ended while the vendor was being asked.
  const code =
    attempt.state === 'cancelled' ? 'attempt_cancelled' : (attempt.failure ?? 'attempt_failed');
  return fail({ code, retryAfterSeconds: null });
}

/** Whether the vendor has answered for this attempt. */
export function isCallable(attempt: LoginAttempt): attempt is CallableAttempt {
  return attempt.call_number !== null;
}
