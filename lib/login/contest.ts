import 'server-only';
import { fail, type Result, succeed } from '../shared/result.ts';
import { findRivals } from '../store/attempts.ts';
import { leaseCheck, releaseCheck } from '../store/checks.ts';
import type { LoginAttempt } from '../store/schema.ts';
import { isCallable } from './attempt.ts';
import { leaseEnd } from './check.ts';
import type { LoginDependencies } from './dependencies.ts';
import { failureOfPauth, type LoginFailure } from './vendor-failure.ts';

/** More rivals than this at one time are an attack: they are not worth a vendor request each. */
const MAX_ASKED = 20;

/** What a start may take besides the vendor request and the wait for it, on a slow machine. */
const START_MARGIN_MS = 5_000;

/**
 * Finds the rivals that the vendor has verified by the same call. There are none if each has a call number
 * of its own, unless the vendor goes by the caller alone. Costs a vendor request for each rival, which
 * exist only while two browsers log in with one number.
 *
 * @returns their ids; `not_yet` while another request is asking, or while the vendor has not answered the
 * start of a rival, for which the call may count too; or why the vendor did not answer.
 */
export async function findAlsoVerified(
  deps: LoginDependencies,
  attempt: LoginAttempt,
): Promise<Result<ReadonlySet<string> | 'not_yet', LoginFailure>> {
  const now = deps.clock.now();
  const rivals = await findRivals(deps.store, attempt, deps.rules.attemptTtlMs);
  if (rivals.some((rival) => isStarting(deps, rival, now))) {
    return succeed('not_yet');
  }
  if (rivals.length > MAX_ASKED) {
    return succeed(new Set(rivals.map((rival) => rival.id)));
  }
  const toAsk = rivals.flatMap(
    ({ id, call_number: callNumber, pauth_session_id: pauthSessionId }) =>
      callNumber !== attempt.call_number && pauthSessionId !== null ? [{ id, pauthSessionId }] : [],
  );
  if (toAsk.length === 0) {
    return succeed(new Set());
  }
  // If several tabs and processes find the call at the same time, one of them asks.
  const leasedUntil = leaseEnd(deps, now);
  if (!(await leaseCheck(deps.store, attempt.id, 'verified', { now, leasedUntil }))) {
    return succeed('not_yet');
  }
  const verified = await findVerified(deps, toAsk);
  if (!verified.ok) {
    const { next_check_at: nextCheckAt, check_failures: failures } = attempt;
    await releaseCheck(deps.store, attempt.id, { leasedUntil, nextCheckAt, failures });
  }
  return verified;
}

/** Whether the vendor has not answered the start of an attempt, and the process that asked may be alive. */
function isStarting({ rules }: LoginDependencies, attempt: LoginAttempt, now: number): boolean {
  const maxMs = rules.pauthTimeoutMs * 2 + START_MARGIN_MS;
  return attempt.state === 'pending' && !isCallable(attempt) && now - attempt.created_at <= maxMs;
}

async function findVerified(
  deps: LoginDependencies,
  rivals: readonly { id: string; pauthSessionId: string }[],
): Promise<Result<ReadonlySet<string>, LoginFailure>> {
  const asked = await Promise.all(
    rivals.map(async ({ id, pauthSessionId }) => ({
      id,
      reply: await deps.pauth.checkSession(pauthSessionId),
    })),
  );
  const verified = new Set<string>();
  for (const { id, reply } of asked) {
    if (reply.ok && reply.value.status === 'verified') {
      verified.add(id);
    }
    // With a 404 the vendor no longer knows the session, so no call can verify it any more.
    if (!reply.ok && !(reply.error.kind === 'refused' && reply.error.status === 404)) {
      return fail(failureOfPauth(reply.error, 'check'));
    }
  }
  return succeed(verified);
}
