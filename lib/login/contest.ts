import 'server-only';
import type { PauthSessionStatus } from '../pauth/parse.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { findWithRivals } from '../store/attempts.ts';
import { leaseCheck, releaseCheck } from '../store/checks.ts';
import type { LoginAttempt } from '../store/schema.ts';
import { isCallable } from './attempt.ts';
import { leaseEnd } from './check.ts';
import type { LoginDependencies } from './dependencies.ts';
import { failureOfPauth, type VendorFailure } from './vendor-failure.ts';

/** How many rivals are asked about at a time. */
const BATCH = 20;

/** What a start may take besides the vendor request and the wait for it, on a slow machine. */
const START_MARGIN_MS = 5_000;

/**
 * Finds rivals that the vendor has verified by the same call. There are none if each has a call number of
 * its own, unless the vendor goes by the caller alone. Costs a vendor request for each rival, which exist
 * only while two browsers log in with one number and of which each has counted towards the limits. Rivals
 * never keep the owner of a number out unless the call has verified one of them.
 *
 * @returns their ids, at least one if there are any; `not_yet` while another request is asking, or while the
 * vendor has not answered the start of a rival, for which the call may count too; or why the vendor did not
 * answer.
 */
export async function findAlsoVerified(
  deps: LoginDependencies,
  attempt: LoginAttempt,
): Promise<Result<ReadonlySet<string> | 'not_yet', VendorFailure>> {
  const now = deps.clock.now();
  const { rivals } = await findWithRivals(deps.store, attempt, deps.rules.attemptTtlMs);
  if (rivals.some((rival) => mayHaveTakenCall(deps, attempt, rival, now))) {
    return succeed('not_yet');
  }
  const toAsk = rivals
    .filter((rival) => rival.call_number !== attempt.call_number)
    .flatMap(({ id, pauth_session_id: pauthSessionId, created_at: createdAt }) =>
      pauthSessionId === null ? [] : [{ id, pauthSessionId, createdAt }],
    )
    // The oldest first: see `provesMatchByCallNumber`.
    .toSorted((a, b) => a.createdAt - b.createdAt);
  if (toAsk.length === 0) {
    return succeed(new Set());
  }
  // If several tabs and processes find the call at the same time, one of them asks.
  const batches = Math.ceil(toAsk.length / BATCH);
  const leasedUntil = now + (leaseEnd(deps, now) - now) * batches;
  if (!(await leaseCheck(deps.store, attempt.id, 'verified', { now, leasedUntil }))) {
    return succeed('not_yet');
  }
  const verified = await askAll(deps, attempt, toAsk);
  if (!verified.ok) {
    const { next_check_at: nextCheckAt, check_failures: failures } = attempt;
    await releaseCheck(deps.store, attempt.id, { leasedUntil, nextCheckAt, failures });
  }
  return verified;
}

/** How long after its beginning a start may still get its vendor session. */
function maxStartMs({ rules }: LoginDependencies): number {
  return rules.pauthTimeoutMs * 2 + START_MARGIN_MS;
}

/**
 * Whether the vendor has not answered the start of a rival that began before the call was known, and the
 * process that asked may be alive. People may know a call number by heart and dial it before the answer.
 */
function mayHaveTakenCall(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  rival: LoginAttempt,
  now: number,
): boolean {
  return (
    rival.state === 'pending' &&
    !isCallable(rival) &&
    rival.created_at <= (attempt.verified_at ?? now) &&
    now - rival.created_at <= maxStartMs(deps)
  );
}

interface Rival {
  id: string;
  pauthSessionId: string;
  createdAt: number;
}

/** Asks about rivals in batches until the answers decide. */
async function askAll(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  rivals: readonly Rival[],
): Promise<Result<ReadonlySet<string>, VendorFailure>> {
  for (let asked = 0; asked < rivals.length; asked += BATCH) {
    const replies = await ask(deps, rivals.slice(asked, asked + BATCH));
    if (!replies.ok) {
      return replies;
    }
    const verified = replies.value.filter(({ status }) => status?.status === 'verified');
    if (verified.length > 0) {
      return succeed(new Set(verified.map(({ id }) => id)));
    }
    if (replies.value.some((reply) => provesMatchByCallNumber(deps, attempt, reply))) {
      break;
    }
  }
  return succeed(new Set());
}

/**
 * Whether a reply proves that the vendor matches calls by the number called: it still waits for the call of
 * a rival that was waiting when the call for this attempt came. A vendor that matches by the caller
 * alone would have taken that call for both. So an attacker gains nothing from more rivals than are asked about.
 */
function provesMatchByCallNumber(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  { createdAt, status }: Rival & { status: PauthSessionStatus | null },
): boolean {
  return (
    status?.status === 'pending' &&
    status.unknownStatus === null &&
    createdAt + maxStartMs(deps) < attempt.created_at
  );
}

/** The status of each rival; null where the vendor no longer knows it. */
async function ask(
  deps: LoginDependencies,
  rivals: readonly Rival[],
): Promise<Result<(Rival & { status: PauthSessionStatus | null })[], VendorFailure>> {
  const asked = await Promise.all(
    rivals.map(async (rival) => ({
      rival,
      reply: await deps.pauth.checkSession(rival.pauthSessionId),
    })),
  );
  const replies = [];
  for (const { rival, reply } of asked) {
    // After a 404 no call can verify it any more.
    if (!reply.ok && !(reply.error.kind === 'refused' && reply.error.status === 404)) {
      return fail(failureOfPauth(reply.error));
    }
    replies.push({ ...rival, status: reply.ok ? reply.value : null });
  }
  return succeed(replies);
}
