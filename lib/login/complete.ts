import 'server-only';
import { referenceOf } from '../observe/log.ts';
import { measure } from '../observe/metrics.ts';
import { beginSession } from '../sessions/begin.ts';
import { type Result, succeed } from '../shared/result.ts';
import { advanceAttempt, findWithRivals } from '../store/attempts.ts';
import { type AuditedTransaction, auditedTransaction } from '../store/audit.ts';
import { acquireTransactionLock } from '../store/dialect.ts';
import type { ClientInfo, LoginAttempt } from '../store/schema.ts';
import { findUserByPhoneNumber, setLastLogin } from '../store/users.ts';
import { isCallable } from './attempt.ts';
import { findAlsoVerified } from './contest.ts';
import type { LoginDependencies } from './dependencies.ts';
import { endInTransaction } from './end.ts';
import { findOrAddUser, type LoginUser } from './login-user.ts';
import type { VendorFailure } from './vendor-failure.ts';

/**
 * Turns an attempt whose call is verified into a session, in one transaction: the attempt, the user, the session and the
 * audit events change together or not at all. If the same call could have been meant for another browser's
 * attempt, both end as contested (docs/decisions/0005).
 *
 * @param attempt as last read: what has changed since is read in the transaction.
 * @returns `completed` if this call began the session; `settled` if the attempt ended in another way or by another
 * request; `not_yet` if that cannot be decided yet; the attempt as it is now if it is not verified; or why the vendor did
 * not answer.
 */
export async function completeAttempt(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  session: { sessionToken: string; client: ClientInfo },
): Promise<Result<'completed' | 'settled' | 'not_yet' | LoginAttempt, VendorFailure>> {
  // The vendor is asked about rivals only where there are some.
  let alsoVerified: ReadonlySet<string> | null = null;
  for (;;) {
    const settled: Settled = await auditedTransaction(
      deps,
      async (audited) => await settle(deps, audited, attempt, session, alsoVerified),
    ).catch((error: unknown): Settled => {
      if (error instanceof EndedMeanwhile) {
        return { outcome: 'settled', changed: [] };
      }
      throw error;
    });
    if (settled.outcome === 'unverified') {
      return succeed(settled.attempt);
    }
    if (settled.outcome !== 'has_rivals') {
      await tell(deps, settled);
      return succeed(settled.outcome);
    }
    const found = await findAlsoVerified(deps, settled.attempt);
    if (!found.ok) {
      return found;
    }
    if (found.value === 'not_yet') {
      return succeed('not_yet');
    }
    alsoVerified = found.value;
  }
}

type Settled =
  /** Nothing was changed. */
  | { outcome: 'unverified'; attempt: LoginAttempt }
  /** Nothing was changed: the vendor is to be asked about rivals of the attempt. */
  | { outcome: 'has_rivals'; attempt: LoginAttempt }
  | Decided;

interface Decided {
  outcome: 'completed' | 'settled';
  /** The ids of the attempts that were changed. */
  changed: readonly string[];
  /** When the call became known of the attempt that was completed. */
  verifiedAt?: number | null;
  /** Whom this logged in for the first time. */
  newUser?: LoginUser | undefined;
}

/** Tells who waits for the attempts that were changed, and lets an adopter's code know of a new user. */
async function tell(
  deps: LoginDependencies,
  { outcome, changed, verifiedAt, newUser }: Decided,
): Promise<void> {
  for (const id of changed) {
    deps.notifications.notify(id);
  }
  if (newUser !== undefined) {
    await deps.onFirstLogin(newUser).catch((error: unknown) => {
      const user = referenceOf(newUser.id);
      deps.log.error({ event: 'first_login_failed', user, error }, 'onFirstLogin has thrown');
    });
  }
  if (outcome === 'completed') {
    const now = deps.clock.now();
    measure('call_login_told_seconds', (now - (verifiedAt ?? now)) / 1_000, {});
  }
}

/** Rolls the transaction back: the attempt ended while it was being settled, for example was cancelled. */
class EndedMeanwhile extends Error {}

/** @param alsoVerified the ids of rivals that the call has verified too; null before the vendor was asked. */
async function settle(
  deps: LoginDependencies,
  audited: AuditedTransaction,
  lastRead: LoginAttempt,
  session: { sessionToken: string; client: ClientInfo },
  alsoVerified: ReadonlySet<string> | null,
): Promise<Settled> {
  const { transaction, record } = audited;
  await acquireTransactionLock(transaction, `phone number ${lastRead.phone_number}`);
  const at = deps.clock.now();
  const { current: attempt, rivals: others } = await findWithRivals(
    transaction,
    lastRead,
    deps.rules.attemptTtlMs,
  );
  if (attempt === null) {
    return { outcome: 'settled', changed: [] };
  }
  if (attempt.state !== 'verified' || attempt.expires_at <= at || !isCallable(attempt)) {
    return { outcome: 'unverified', attempt };
  }
  deps.callbackReach.note(attempt.called_back_at !== null);
  if (others.length > 0 && alsoVerified === null) {
    return { outcome: 'has_rivals', attempt };
  }
  const rivals = others.filter(
    (other) => other.call_number === attempt.call_number || alsoVerified?.has(other.id),
  );
  if (rivals.length > 0) {
    return await contest(audited, attempt, rivals, at);
  }

  const { id } = attempt;
  const { client } = session;
  const found = await findOrAddUser(deps.rules, audited, attempt, at);
  if (!found.ok) {
    const { code: failure, userId } = found.error;
    const end = { to: 'failed', by: 'complete', failure } as const;
    await endInTransaction(audited, id, end, { at, userId, client });
    return { outcome: 'settled', changed: [id] };
  }

  const user = found.value;
  const step = { from: 'verified', to: 'completed', by: 'complete', endedAt: at } as const;
  if (!(await advanceAttempt(transaction, id, step))) {
    throw new EndedMeanwhile();
  }
  if (!user.isAdded) {
    await setLastLogin(transaction, user.id, at);
  }
  await beginSession(transaction, {
    ...session,
    user,
    method: 'call',
    at,
    ttlMs: deps.rules.sessionTtlMs,
  });
  record({ at, type: 'attempt_completed', attemptId: id, userId: user.id, client });
  return {
    outcome: 'completed',
    changed: [id],
    verifiedAt: attempt.verified_at,
    newUser: user.last_login_at === null ? user : undefined,
  };
}

/** Ends an attempt and its rivals as contested. */
async function contest(
  audited: AuditedTransaction,
  attempt: LoginAttempt,
  rivals: readonly LoginAttempt[],
  at: number,
): Promise<Decided> {
  const owner = await findUserByPhoneNumber(audited.transaction, attempt.phone_number);
  const changed: string[] = [];
  for (const { id } of [attempt, ...rivals]) {
    // The account of the number's owner shows one event, not one for each attempt.
    const userId = id === attempt.id ? owner?.id : undefined;
    if (await endInTransaction(audited, id, { to: 'contested', by: 'complete' }, { at, userId })) {
      changed.push(id);
    }
  }
  return { outcome: 'settled', changed };
}
