import 'server-only';
import { fail, type Result, succeed } from '../shared/result.ts';
import { findRivals } from '../store/attempts.ts';
import { leaseRivalCheck, releaseRivalCheck } from '../store/checks.ts';
import type { LoginAttempt } from '../store/schema.ts';
import { isAbandoned, isAwaitingVendor } from './attempt.ts';
import { leaseEnd } from './check.ts';
import type { LoginDependencies } from './dependencies.ts';
import { failureOfPauth, type LoginFailure } from './vendor-failure.ts';

/** More rivals than this at one time are an attack, and not worth a vendor request each. */
const MAX_ASKED = 20;

/**
 * Which other browsers' attempts the vendor takes the same call for. Where each has a call number of
 * its own there should be none; a vendor that goes by the caller alone says so only here. Asks the
 * vendor once for each rival, which happens only when two browsers log in with one number at a time.
 *
 * @returns their ids; `not_yet` while another request is asking, or the vendor has not answered the
 * start of a rival, which the call may count for all the same; or why the vendor did not answer.
 */
export async function findAlsoVerified(
  deps: LoginDependencies,
  attempt: LoginAttempt,
): Promise<Result<ReadonlySet<string> | 'not_yet', LoginFailure>> {
  const now = deps.clock.now();
  const rivals = await findRivals(deps.store, attempt, deps.rules.attemptTtlMs);
  if (
    rivals.some(
      (rival) => isAwaitingVendor(rival) && !isAbandoned(rival, deps.rules.pauthTimeoutMs, now),
    )
  ) {
    return succeed('not_yet');
  }
  if (rivals.length > MAX_ASKED) {
    return succeed(new Set(rivals.map((rival) => rival.id)));
  }
  const toAsk = rivals.filter(
    ({ call_number: callNumber, pauth_session_id: pauthSessionId }) =>
      callNumber !== attempt.call_number && pauthSessionId !== null,
  );
  if (toAsk.length === 0) {
    return succeed(new Set());
  }
  // Of all tabs and processes that find the call at once, one asks.
  const leasedUntil = leaseEnd(deps, now);
  if (!(await leaseRivalCheck(deps.store, attempt.id, { now, leasedUntil }))) {
    return succeed('not_yet');
  }
  const verified = await findVerified(deps, toAsk);
  if (!verified.ok) {
    await releaseRivalCheck(deps.store, attempt.id, { leasedUntil });
  }
  return verified;
}

async function findVerified(
  deps: LoginDependencies,
  rivals: readonly LoginAttempt[],
): Promise<Result<ReadonlySet<string>, LoginFailure>> {
  const asked = await Promise.all(
    rivals.map(async (rival) => ({ id: rival.id, isVerified: await isVerified(deps, rival) })),
  );
  const verified = new Set<string>();
  for (const { id, isVerified } of asked) {
    if (!isVerified.ok) {
      return isVerified;
    }
    if (isVerified.value) {
      verified.add(id);
    }
  }
  return succeed(verified);
}

async function isVerified(
  deps: LoginDependencies,
  attempt: LoginAttempt,
): Promise<Result<boolean, LoginFailure>> {
  if (attempt.pauth_session_id === null) {
    return succeed(false);
  }
  const reply = await deps.pauth.checkSession(attempt.pauth_session_id);
  if (reply.ok) {
    return succeed(reply.value.status === 'verified');
  }
  // The vendor no longer knows it: no call can verify it any more.
  return reply.error.kind === 'refused' && reply.error.status === 404
    ? succeed(false)
    : fail(failureOfPauth(reply.error, 'check'));
}
