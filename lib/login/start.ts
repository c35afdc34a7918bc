import 'server-only';
import { randomUUID } from 'node:crypto';
import { createToken, hashToken } from '../crypto/token.ts';
import type { CountedStart } from '../limits/start-limits.ts';
import { referenceOf } from '../observe/log.ts';
import { measure } from '../observe/metrics.ts';
import { traced } from '../observe/trace.ts';
import { circuitOpen } from '../pauth/guarded-client.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { insertAttempt, setPauthSession } from '../store/attempts.ts';
import { type AuditedTransaction, auditedTransaction } from '../store/audit.ts';
import { findLiveAttempt } from '../store/browsers.ts';
import type { LoginAttempt } from '../store/schema.ts';
import { type CallableAttempt, isCallable } from './attempt.ts';
import { type Browser, findOwnAttempt, recognizeBrowser, type StartedAttempt } from './browsers.ts';
import type { LoginDependencies } from './dependencies.ts';
import { endInTransaction, endWithoutLogin } from './end.ts';
import { handoffTokenOf } from './handoff.ts';
import { checkIntervalMs } from './schedule.ts';
import { failureOfCreate, type LoginFailure, reportRefusedKey } from './vendor-failure.ts';

/**
 * Starts an attempt to log in with `phoneNumber`, which counts towards the limits. If the browser holds a
 * live one for the same number, returns that, which does not count and costs no vendor session. Any other
 * live attempt of the browser is cancelled. While the vendor is failing, nothing is counted or written.
 */
export async function startAttempt(
  deps: LoginDependencies,
  phoneNumber: PhoneNumber,
  browser: Browser,
): Promise<Result<StartedAttempt, LoginFailure>> {
  return await traced(
    'attempt.start',
    async (about) => {
      const started = await findOrStart(deps, phoneNumber, browser);
      if (started.ok) {
        about(started.value.attempt.id);
      }
      return started;
    },
    (started) => (started.ok ? started.value.attempt.state : started.error.code),
  );
}

async function findOrStart(
  deps: LoginDependencies,
  phoneNumber: PhoneNumber,
  browser: Browser,
): Promise<Result<StartedAttempt, LoginFailure>> {
  const own = await findOwnAttempt(deps, phoneNumber, browser);
  if (own !== null) {
    return succeed(own);
  }
  const pausedForMs = deps.pauth.pausedForMs();
  if (pausedForMs > 0) {
    const error = circuitOpen(pausedForMs);
    measure('call_login_start_refused_total', 1, { limit: 'circuit_open' });
    deps.throttledLog(deps.log, 'warn', {
      kind: 'start while the vendor fails',
      entry: { event: 'pauth_create_failed', pauth: error },
      message: 'the vendor made no session',
    });
    return fail(failureOfCreate(error));
  }
  const phoneNumberTag = deps.tagPhoneNumber(phoneNumber);
  const counted = await deps.startLimits.consume({ phoneNumberTag, network: browser.network });
  if (!counted.ok) {
    measure('call_login_start_refused_total', 1, { limit: counted.error.limit });
    return fail({ code: 'rate_limited', ...counted.error });
  }
  const opened = await openAttempt(deps, phoneNumber, browser).catch(async (error: unknown) => {
    await counted.value.refund();
    throw error;
  });
  const { attemptToken, browserToken } = opened;
  const attempt = await askVendor(deps, opened, counted.value);
  return attempt.ok ? succeed({ attempt: attempt.value, attemptToken, browserToken }) : attempt;
}

interface OpenedAttempt {
  attempt: LoginAttempt;
  attemptToken: string;
  browserToken: string;
  callbackToken: string;
}

/**
 * Inserts the attempt and ends any live one of the same browser. The row exists before the vendor is asked,
 * so that no callback comes too early.
 */
async function openAttempt(
  deps: LoginDependencies,
  phoneNumber: PhoneNumber,
  { browserToken: lastBrowserToken, device = '' }: Browser,
): Promise<OpenedAttempt> {
  const now = deps.clock.now();
  const id = randomUUID();
  const [attemptToken, browserToken, callbackToken] = [createToken(), createToken(), createToken()];
  const add = async (audited: AuditedTransaction) => {
    const { transaction, record } = audited;
    const known = await recognizeBrowser(transaction, lastBrowserToken);
    const previous = known === null ? null : await findLiveAttempt(transaction, known);
    if (previous !== null) {
      const to = previous.expires_at <= now ? 'expired' : 'cancelled';
      await endInTransaction(audited, previous.id, { to, by: 'start' }, { at: now });
    }
    const attempt = await insertAttempt(transaction, {
      id,
      token_hash: hashToken(attemptToken),
      callback_token_hash: hashToken(callbackToken),
      handoff_hash: hashToken(handoffTokenOf(attemptToken)),
      device,
      browser_hash: known ?? randomUUID(),
      browser_token_hash: hashToken(browserToken),
      phone_number: phoneNumber,
      created_at: now,
      expires_at: now + deps.rules.attemptTtlMs,
    });
    if (attempt === null) {
      throw new Error('a browser has two live attempts');
    }
    record(
      { at: now, type: 'attempt_started', attemptId: id },
      { phoneNumber: deps.tagPhoneNumber(phoneNumber) },
    );
    return { attempt, previous };
  };
  // A start that is not answered yet may be lost. One that may end an earlier attempt is kept.
  const canBeHadAgain = lastBrowserToken === undefined;
  const { attempt, previous } = await auditedTransaction(deps, add, { canBeHadAgain });
  if (previous !== null) {
    deps.notifications.notify(previous.id);
  }
  return { attempt, attemptToken, browserToken, callbackToken };
}

async function askVendor(
  deps: LoginDependencies,
  { attempt, callbackToken }: OpenedAttempt,
  counted: CountedStart,
): Promise<Result<CallableAttempt, LoginFailure>> {
  const { callbackBase } = deps.rules;
  const callbackUrl = new URL(callbackToken + callbackBase.search, callbackBase);
  const reply = await deps.pauth.createSession(attempt.phone_number, callbackUrl);
  if (!reply.ok) {
    const failure = failureOfCreate(reply.error);
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
    await endWithoutLogin(deps, attempt, { to: 'failed', by: 'start', failure: failure.code });
    // After a timeout the vendor may have created the session, so the start counts. A broken connection is
    // refunded all the same: a failing vendor must not use up people's starts.
    if (['refused', 'unreachable', 'not_sent'].includes(reply.error.kind)) {
      await counted.refund();
    }
    return fail(failure);
  }
  const nextCheckAt = deps.clock.now() + checkIntervalMs(0, deps.callbackReach.isProved());
  // On disk before the person is shown the number, and with it the attempt, which was committed before.
  const answered = await setPauthSession(deps.store, attempt.id, reply.value, nextCheckAt);
  if (answered === null) {
    // One call would count for two attempts, perhaps for the wrong one.
    deps.log.error(
      { event: 'pauth_session_reused', attempt: referenceOf(attempt.id) },
      'the vendor gave one session to two attempts',
    );
    await endWithoutLogin(deps, attempt, { to: 'failed', by: 'start', failure: 'pauth_failed' });
    return fail({ code: 'pauth_failed', retryAfterSeconds: null });
  }
  if (answered.state === 'pending' && isCallable(answered)) {
    return succeed(answered);
  }
  // It ended while the vendor was being asked.
  const code = answered.state === 'cancelled' ? 'attempt_cancelled' : 'attempt_failed';
  return fail({ code, retryAfterSeconds: null });
}
