import 'server-only';
import { referenceOf } from '../observe/log.ts';
import { measure } from '../observe/metrics.ts';
import { type SpanOutcome, traced } from '../observe/trace.ts';
import type { PauthError } from '../pauth/errors.ts';
import { CHECK_QUEUE_MS } from '../pauth/guarded-client.ts';
import type { PauthSessionStatus } from '../pauth/parse.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { advanceAttempt } from '../store/attempts.ts';
import { auditedTransaction } from '../store/audit.ts';
import { isCheckDue, leaseCheck, leaseCheckForCallback, releaseCheck } from '../store/checks.ts';
import type { LoginAttempt } from '../store/schema.ts';
import type { LoginDependencies } from './dependencies.ts';
import { endWithoutLogin } from './end.ts';
import { backOffMs, checkIntervalMs } from './schedule.ts';
import { failureOfPauth, reportRefusedKey, type VendorFailure } from './vendor-failure.ts';

/** How much longer than the vendor request a lease lasts. A process that dies holds it until then. */
const LEASE_MARGIN_MS = 1_000;

/** Random extra delay of checks that were not sent, so that they are not all repeated at once. */
const SPREAD_MS = { circuit_open: 5_000, too_many_requests: 2_000 };

/** For how long after its end an attempt is still checked, for a call in its last seconds. */
export const LAST_CHECK_MS = 10_000;

/** The least time that a verified attempt waits for its browser: a person comes back from the dialler. */
export const VERIFIED_GRACE_MS = 120_000;

/** When a lease taken at `now` expires. */
export function leaseEnd({ rules }: LoginDependencies, now: number): number {
  return now + CHECK_QUEUE_MS + rules.pauthTimeoutMs + LEASE_MARGIN_MS;
}

/** See `checkIfDue`. */
export type Checked = Result<LoginAttempt | 'changed' | 'not_due', VendorFailure>;

/**
 * Asks the vendor about an attempt and records the reply, if a check is due and no other request is doing
 * it. Ends an attempt whose time is up.
 *
 * @returns the updated attempt if it is still pending after the check; `changed` if it must be read again;
 * `not_due`; or why the vendor did not answer, in which case the attempt stays live.
 */
export async function checkIfDue(deps: LoginDependencies, attempt: LoginAttempt): Promise<Checked> {
  const now = deps.clock.now();
  const pauthSessionId = attempt.pauth_session_id;
  const leasedUntil = leaseEnd(deps, now);
  if (
    pauthSessionId !== null &&
    now < attempt.expires_at + LAST_CHECK_MS &&
    isCheckDue(attempt, now) &&
    (await leaseCheck(deps.store, attempt.id, 'pending', { now, leasedUntil }))
  ) {
    return await checkLeased(deps, attempt, pauthSessionId, leasedUntil);
  }
  if (attempt.expires_at <= now && attempt.check_leased_until <= now) {
    // Does nothing if another process has leased the check since the row was read.
    await endWithoutLogin(deps, attempt, { to: 'expired', by: 'check', onlyIfExpiredAt: now });
    return succeed('changed');
  }
  return succeed('not_due');
}

/** Asks the vendor about a pending attempt and records the reply. The check is leased until `leasedUntil`. */
async function checkLeased(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  pauthSessionId: string,
  leasedUntil: number,
): Promise<Checked> {
  return await traced(
    'attempt.check',
    async (about) => {
      about(attempt.id);
      return await check(deps, attempt, pauthSessionId, leasedUntil);
    },
    outcomeOf,
  );
}

/**
 * Asks the vendor about a pending attempt at its first callback, as `checkIfDue` does.
 *
 * @returns the attempt with what came of its check; null, changing nothing, where `leaseCheckForCallback` leases none.
 */
export async function checkAtFirstCallback(
  deps: LoginDependencies,
  callbackTokenHash: string,
): Promise<{ attempt: LoginAttempt; checked: Checked } | null> {
  const now = deps.clock.now();
  const leasedUntil = leaseEnd(deps, now);
  const attempt = await leaseCheckForCallback(deps.store, callbackTokenHash, {
    now,
    leasedUntil,
    expiresAfter: now - LAST_CHECK_MS,
  });
  return attempt === null || attempt.pauth_session_id === null
    ? null
    : {
        attempt,
        checked: await checkLeased(deps, attempt, attempt.pauth_session_id, leasedUntil),
      };
}

async function check(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  pauthSessionId: string,
  leasedUntil: number,
): Promise<Checked> {
  const reply = await deps.pauth.checkSession(pauthSessionId);
  if (reply.ok) {
    return await recordReply(deps, attempt, leasedUntil, reply.value);
  }
  return reply.error.kind === 'not_sent'
    ? await defer(deps, attempt, leasedUntil, reply.error)
    : await recordFailure(deps, attempt, leasedUntil, reply.error);
}

function outcomeOf(checked: Checked): SpanOutcome {
  if (!checked.ok) {
    return checked.error.code;
  }
  return typeof checked.value === 'string' ? checked.value : checked.value.state;
}

async function recordReply(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  leasedUntil: number,
  reply: PauthSessionStatus,
): Promise<Checked> {
  switch (reply.status) {
    case 'pending': {
      if (reply.unknownStatus !== null) {
        reportUnknownStatus(deps, attempt, reply.unknownStatus);
      }
      const nextCheckAt = regularCheckAt(deps, attempt);
      const release = { leasedUntil, nextCheckAt, failures: 0 };
      return succeed((await releaseCheck(deps.store, attempt.id, release)) ?? 'changed');
    }
    case 'expired':
      await endWithoutLogin(deps, attempt, { to: 'expired', by: 'check' });
      break;
    case 'verified':
      if (reply.phoneNumber === attempt.phone_number) {
        await setVerified(deps, attempt);
      } else {
        reportOtherNumber(deps, attempt, reply.phoneNumber);
        await endAsFailed(deps, attempt);
      }
  }
  return succeed('changed');
}

/** @param verified null where the vendor's answer has no readable number, as of a call that withheld it. */
function reportOtherNumber(
  { log, tagPhoneNumber }: LoginDependencies,
  attempt: LoginAttempt,
  verified: PhoneNumber | null,
) {
  const about = {
    attempt: referenceOf(attempt.id),
    phoneNumber: tagPhoneNumber(attempt.phone_number),
  };
  if (verified === null) {
    log.warn(
      { event: 'pauth_number_unreadable', ...about },
      'the vendor verified a call without a readable number',
    );
  } else {
    log.error(
      { event: 'pauth_number_mismatch', ...about, verified: tagPhoneNumber(verified) },
      'the vendor verified another phone number than the one asked for',
    );
  }
}

function reportUnknownStatus(deps: LoginDependencies, attempt: LoginAttempt, status: string) {
  deps.log.warn(
    {
      event: 'pauth_unknown_status',
      attempt: referenceOf(attempt.id),
      // A single word may be logged; anything else could contain a phone number.
      status: /^[a-z_]{1,32}$/i.test(status) ? status : 'unreadable',
    },
    'the vendor answered with a status that its guide does not name',
  );
}

/** After the usual interval, but no later than the end of the attempt. A check after its end is the last. */
function regularCheckAt(deps: LoginDependencies, attempt: LoginAttempt): number {
  const now = deps.clock.now();
  const intervalMs = checkIntervalMs(now - attempt.created_at, deps.callbackReach.isProved());
  const usual = Math.round(now + intervalMs);
  return now < attempt.expires_at ? Math.min(usual, attempt.expires_at) : usual;
}

async function setVerified(deps: LoginDependencies, attempt: LoginAttempt): Promise<void> {
  const at = deps.clock.now();
  const expiresAt = Math.max(attempt.expires_at, at + VERIFIED_GRACE_MS);
  const step = { from: 'pending', to: 'verified', by: 'check', verifiedAt: at, expiresAt } as const;
  const isVerified = await auditedTransaction(
    deps,
    async ({ transaction, record }) => {
      if (!(await advanceAttempt(transaction, attempt.id, step))) {
        return false;
      }
      record({ at, type: 'attempt_verified', attemptId: attempt.id });
      return true;
    },
    // The vendor says the same when it is asked again.
    { canBeHadAgain: true },
  );
  if (isVerified) {
    measure('call_login_dial_seconds', (at - attempt.created_at) / 1_000, {});
    if (attempt.called_back_at !== null) {
      // The login may be completed by another process.
      deps.callbackReach.note(true);
    }
  }
  deps.notifications.notify(attempt.id);
}

async function endAsFailed(deps: LoginDependencies, attempt: LoginAttempt): Promise<void> {
  await endWithoutLogin(deps, attempt, { to: 'failed', by: 'check', failure: 'attempt_failed' });
}

async function recordFailure(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  leasedUntil: number,
  error: PauthError,
): Promise<Checked> {
  deps.log.warn(
    { event: 'pauth_check_failed', attempt: referenceOf(attempt.id), pauth: error },
    'the vendor did not answer',
  );
  reportRefusedKey(deps, error);
  if (error.kind === 'refused' && error.status === 404) {
    await endAsFailed(deps, attempt);
    return succeed('changed');
  }
  const failure = failureOfPauth(error);
  const failures = attempt.check_failures + 1;
  const pauseMs = backOffMs(failures, failure.retryAfterSeconds);
  const nextCheckAt = deps.clock.now() + pauseMs;
  await releaseCheck(deps.store, attempt.id, { leasedUntil, nextCheckAt, failures });
  return fail({ ...failure, retryAfterSeconds: Math.ceil(pauseMs / 1_000) });
}

/** Defers a check that was not sent. The browser is told only if the circuit is open. */
async function defer(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  leasedUntil: number,
  error: PauthError & { kind: 'not_sent' },
): Promise<Checked> {
  const isFailing = error.reason === 'circuit_open';
  const failures = isFailing ? Math.max(1, attempt.check_failures) : attempt.check_failures;
  const pauseMs = Math.round(error.retryAfterMs + Math.random() * SPREAD_MS[error.reason]);
  const nextCheckAt = deps.clock.now() + pauseMs;
  await releaseCheck(deps.store, attempt.id, { leasedUntil, nextCheckAt, failures });
  return isFailing
    ? fail({ ...failureOfPauth(error), retryAfterSeconds: Math.ceil(pauseMs / 1_000) })
    : succeed('not_due');
}
