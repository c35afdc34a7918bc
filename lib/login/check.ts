import 'server-only';
import { referenceOf } from '../observe/log.ts';
import type { PauthError } from '../pauth/errors.ts';
import { CHECK_QUEUE_MS } from '../pauth/guarded-client.ts';
import type { PauthSessionStatus } from '../pauth/parse.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { advanceAttempt } from '../store/attempts.ts';
import { auditedTransaction } from '../store/audit.ts';
import { isCheckDue, leaseCheck, releaseCheck } from '../store/checks.ts';
import type { LoginAttempt } from '../store/schema.ts';
import type { LoginDependencies } from './dependencies.ts';
import { endWithoutLogin } from './end.ts';
import { backOffMs, checkIntervalMs } from './schedule.ts';
import { failureOfPauth, type LoginFailure, reportRefusedKey } from './vendor-failure.ts';

/** How much longer than the vendor request a lease lasts: a process that dies holds it until then. */
const LEASE_MARGIN_MS = 1_000;

/** Deferred checks are spread over this time: all waiting attempts', or those that found no place. */
const SPREAD_MS = { circuit_open: 5_000, too_many_requests: 2_000 };

/** How long after its end an attempt is checked once more, for a call in its last seconds. */
export const LAST_CHECK_MS = 10_000;

/** How long a verified attempt waits for its browser at least: the way back from the dialler. */
export const VERIFIED_GRACE_MS = 120_000;

/** When a lease taken at `now` ends, if it is not released before. */
export function leaseEnd({ rules }: LoginDependencies, now: number): number {
  return now + CHECK_QUEUE_MS + rules.pauthTimeoutMs + LEASE_MARGIN_MS;
}

/**
 * Asks the vendor about an attempt, if that is due and no other request is doing it, and records the
 * answer.
 *
 * @returns the attempt if it is still pending after a check, `changed` if it must be read again,
 * `not_due`; or why the vendor did not answer, with the attempt still alive.
 */
export async function checkIfDue(
  deps: LoginDependencies,
  attempt: LoginAttempt,
): Promise<Result<LoginAttempt | 'changed' | 'not_due', LoginFailure>> {
  const now = deps.clock.now();
  const pauthSessionId = attempt.pauth_session_id;
  const leasedUntil = leaseEnd(deps, now);
  if (
    pauthSessionId !== null &&
    now < attempt.expires_at + LAST_CHECK_MS &&
    isCheckDue(attempt, now) &&
    (await leaseCheck(deps.store, attempt.id, { now, leasedUntil }))
  ) {
    return await check(deps, attempt, pauthSessionId, leasedUntil);
  }
  if (attempt.expires_at <= now && attempt.check_leased_until <= now) {
    // Another process may be asking the vendor since the row was read: then nothing is ended.
    await endWithoutLogin(deps, attempt, { to: 'expired', by: 'check', onlyIfExpiredAt: now });
    return succeed('changed');
  }
  return succeed('not_due');
}

async function check(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  pauthSessionId: string,
  leasedUntil: number,
): Promise<Result<LoginAttempt | 'changed' | 'not_due', LoginFailure>> {
  const reply = await deps.pauth.checkSession(pauthSessionId);
  if (!reply.ok) {
    return reply.error.kind === 'not_sent'
      ? await defer(deps, attempt, leasedUntil, reply.error)
      : await recordFailure(deps, attempt, leasedUntil, reply.error);
  }
  if ((await recordReply(deps, attempt, reply.value)) === 'settled') {
    return succeed('changed');
  }
  const askedAt = deps.clock.now();
  const released = await releaseCheck(deps.store, attempt.id, {
    leasedUntil,
    nextCheckAt: nextCheckAt(deps, attempt, askedAt),
    failures: 0,
  });
  return succeed(released ?? 'changed');
}

/** After the usual interval, but no later than the end of the attempt; after that, never. */
function nextCheckAt(deps: LoginDependencies, attempt: LoginAttempt, askedAt: number): number {
  const ageMs = askedAt - attempt.created_at;
  const usual = Math.round(askedAt + checkIntervalMs(ageMs, deps.callbackReach.isProved()));
  return askedAt < attempt.expires_at ? Math.min(usual, attempt.expires_at) : usual;
}

async function recordFailure(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  leasedUntil: number,
  error: PauthError,
): Promise<Result<'changed', LoginFailure>> {
  deps.log.warn(
    { event: 'pauth_check_failed', attempt: referenceOf(attempt.id), pauth: error },
    'the vendor did not answer',
  );
  reportRefusedKey(deps, error);
  if (error.kind === 'refused' && error.status === 404) {
    const end = { to: 'failed', by: 'check', failure: 'attempt_failed' } as const;
    await endWithoutLogin(deps, attempt, end);
    return succeed('changed');
  }
  const failure = failureOfPauth(error, 'check');
  const failures = attempt.check_failures + 1;
  const pauseMs = backOffMs(failures, failure.retryAfterSeconds);
  const nextCheckAt = deps.clock.now() + pauseMs;
  await releaseCheck(deps.store, attempt.id, { leasedUntil, nextCheckAt, failures });
  return fail({ ...failure, retryAfterSeconds: Math.ceil(pauseMs / 1_000) });
}

/** Defers a check that was not sent. The person need not know of too many at once. */
async function defer(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  leasedUntil: number,
  error: PauthError & { kind: 'not_sent' },
): Promise<Result<'not_due', LoginFailure>> {
  const isFailing = error.reason === 'circuit_open';
  const failures = isFailing ? Math.max(1, attempt.check_failures) : attempt.check_failures;
  const pauseMs = Math.round(error.retryAfterMs + Math.random() * SPREAD_MS[error.reason]);
  const nextCheckAt = deps.clock.now() + pauseMs;
  await releaseCheck(deps.store, attempt.id, { leasedUntil, nextCheckAt, failures });
  return isFailing
    ? fail({ ...failureOfPauth(error, 'check'), retryAfterSeconds: Math.ceil(pauseMs / 1_000) })
    : succeed('not_due');
}

/** @returns whether the attempt is still pending, as far as the vendor knows. */
async function recordReply(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  known: PauthSessionStatus,
): Promise<'pending' | 'settled'> {
  switch (known.status) {
    case 'pending':
      if (known.unknownStatus !== null) {
        deps.log.warn(
          {
            event: 'pauth_unknown_status',
            attempt: referenceOf(attempt.id),
            // A word may be logged; anything else could hold a phone number.
            status: /^[a-z_]{1,32}$/i.test(known.unknownStatus)
              ? known.unknownStatus
              : 'unreadable',
          },
          'the vendor answered with a status that its guide does not name',
        );
      }
      return 'pending';
    case 'expired':
      await endWithoutLogin(deps, attempt, { to: 'expired', by: 'check' });
      return 'settled';
    case 'verified':
      if (known.phoneNumber === attempt.phone_number) {
        await setVerified(deps, attempt);
      } else {
        deps.log.error(
          {
            event: 'pauth_number_mismatch',
            attempt: referenceOf(attempt.id),
            phoneNumber: deps.tagPhoneNumber(attempt.phone_number),
            verified: deps.tagPhoneNumber(known.phoneNumber),
          },
          'the vendor verified another phone number than the one asked for',
        );
        const end = { to: 'failed', by: 'check', failure: 'attempt_failed' } as const;
        await endWithoutLogin(deps, attempt, end);
      }
      return 'settled';
  }
}

async function setVerified(deps: LoginDependencies, attempt: LoginAttempt): Promise<void> {
  const at = deps.clock.now();
  const expiresAt = Math.max(attempt.expires_at, at + VERIFIED_GRACE_MS);
  await auditedTransaction(deps, async ({ transaction, record }) => {
    const step = { from: 'pending', to: 'verified', by: 'check', expiresAt } as const;
    if (await advanceAttempt(transaction, attempt.id, step)) {
      await record({ at, type: 'attempt_verified', attemptId: attempt.id });
    }
  });
  deps.notifications.notify(attempt.id);
}
