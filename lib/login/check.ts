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
import { type LoginDependencies, VERIFIED_GRACE_MS } from './dependencies.ts';
import { endWithoutLogin, expire } from './end.ts';
import { failureOfPauth, type LoginFailure } from './failures.ts';
import { reportRefusedKey } from './refused-key.ts';
import { backOffMs, checkIntervalMs } from './schedule.ts';

/** How much longer than it may take to ask the vendor a process that dies meanwhile keeps others from it. */
const LEASE_MARGIN_MS = 1_000;

/**
 * Over how long checks spread that were held back until one moment: all that wait, where the vendor is
 * failing, or the few that found no place in line.
 */
const SPREAD_MS = { vendor_failing: 5_000, too_many_at_once: 2_000 };

/** How long after its end an attempt is checked once more, for a call in its last seconds. */
export const LAST_CHECK_MS = 10_000;

/** Until when whoever takes the right to ask the vendor at `now` has it at most. */
export function leaseEnd({ rules }: LoginDependencies, now: number): number {
  return now + CHECK_QUEUE_MS + rules.pauthTimeoutMs + LEASE_MARGIN_MS;
}

/**
 * Asks the vendor about an attempt, if that is due and no other request is doing it, and records
 * what it says.
 *
 * @returns the attempt where it is still pending after a check, `changed` where it is to be read anew; or
 * why the vendor did not answer, the attempt still alive.
 */
export async function checkIfDue(
  deps: LoginDependencies,
  attempt: LoginAttempt,
): Promise<Result<LoginAttempt | 'changed' | 'not_due', LoginFailure>> {
  const now = deps.clock.now();
  const isOver = attempt.expires_at <= now;
  const leasedUntil = leaseEnd(deps, now);
  const isToBeChecked =
    attempt.pauth_session_id !== null &&
    now < attempt.expires_at + LAST_CHECK_MS &&
    isCheckDue(attempt, now) &&
    (await leaseCheck(deps.store, attempt.id, { now, leasedUntil }));
  if (attempt.pauth_session_id === null || !isToBeChecked) {
    if (isOver && attempt.check_leased_until <= now) {
      await expire(deps, attempt, now);
      return succeed('changed');
    }
    return succeed('not_due');
  }
  const reply = await deps.pauth.checkSession(attempt.pauth_session_id);

  if (!reply.ok && reply.error.kind === 'held_back') {
    return await holdBack(deps, attempt, leasedUntil, reply.error);
  }
  if (!reply.ok) {
    deps.log.warn(
      { event: 'pauth_check_failed', attempt: referenceOf(attempt.id), pauth: reply.error },
      'the vendor did not answer',
    );
    reportRefusedKey(deps, reply.error);
    if (reply.error.kind === 'refused' && reply.error.status === 404) {
      await endWithoutLogin(deps, attempt, 'failed', 'attempt_failed');
      return succeed('changed');
    }
    const failure = failureOfPauth(reply.error, 'check');
    const failures = attempt.check_failures + 1;
    const pauseMs = backOffMs(failures, failure.retryAfterSeconds);
    const nextCheckAt = deps.clock.now() + pauseMs;
    await releaseCheck(deps.store, attempt.id, { leasedUntil, nextCheckAt, failures });
    return fail({ ...failure, retryAfterSeconds: Math.ceil(pauseMs / 1_000) });
  }

  if ((await record(deps, attempt, reply.value)) === 'pending') {
    const askedAt = deps.clock.now();
    const released = await releaseCheck(deps.store, attempt.id, {
      leasedUntil,
      nextCheckAt: nextCheckAt(deps, attempt, askedAt),
      failures: 0,
    });
    return succeed(released ?? 'changed');
  }
  return succeed('changed');
}

/** Puts a check off that was not sent. Too many at once is nothing the person need know of. */
async function holdBack(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  leasedUntil: number,
  error: PauthError & { kind: 'held_back' },
): Promise<Result<'not_due', LoginFailure>> {
  const isFailing = error.why === 'vendor_failing';
  const failures = isFailing ? Math.max(1, attempt.check_failures) : attempt.check_failures;
  const pauseMs = Math.round(error.retryAfterMs + Math.random() * SPREAD_MS[error.why]);
  const nextCheckAt = deps.clock.now() + pauseMs;
  await releaseCheck(deps.store, attempt.id, { leasedUntil, nextCheckAt, failures });
  const retryAfterSeconds = Math.ceil(pauseMs / 1_000);
  return isFailing
    ? fail({ ...failureOfPauth(error, 'check'), retryAfterSeconds })
    : succeed('not_due');
}

/** After the usual interval, but not later than the end of the attempt; after that, never. */
function nextCheckAt(deps: LoginDependencies, attempt: LoginAttempt, askedAt: number): number {
  const ageMs = askedAt - attempt.created_at;
  const usual = Math.round(askedAt + checkIntervalMs(ageMs, deps.callbackReach.isProved()));
  return askedAt < attempt.expires_at ? Math.min(usual, attempt.expires_at) : usual;
}

/** @returns whether the attempt is pending still, as far as the vendor goes. */
async function record(
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
            // A word may be logged, anything else could hold a phone number.
            status: /^[a-z_]{1,32}$/i.test(known.unknownStatus)
              ? known.unknownStatus
              : 'unreadable',
          },
          'the vendor answered a status its guide does not name',
        );
      }
      return 'pending';
    case 'expired':
      await endWithoutLogin(deps, attempt, 'expired');
      return 'settled';
    case 'verified':
      if (known.phoneNumber !== attempt.phone_number) {
        deps.log.error(
          {
            event: 'pauth_wrong_number',
            attempt: referenceOf(attempt.id),
            phoneNumber: deps.tagPhoneNumber(attempt.phone_number),
            verified: deps.tagPhoneNumber(known.phoneNumber),
          },
          'the vendor verified another phone number than the one asked for',
        );
        await endWithoutLogin(deps, attempt, 'failed', 'attempt_failed');
      } else {
        await setVerified(deps, attempt);
      }
      return 'settled';
  }
}

async function setVerified(deps: LoginDependencies, attempt: LoginAttempt): Promise<void> {
  const at = deps.clock.now();
  const expiresAt = Math.max(attempt.expires_at, at + VERIFIED_GRACE_MS);
  await auditedTransaction(deps, async ({ transaction, record }) => {
    const step = { from: 'pending', to: 'verified', expiresAt } as const;
    if (await advanceAttempt(transaction, attempt.id, step)) {
      await record({ at, type: 'attempt_verified', attemptId: attempt.id });
    }
  });
  deps.notifications.wake(attempt.id);
}
