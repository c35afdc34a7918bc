import 'server-only';
import { referenceOf } from '../observe/log.ts';
import { beginSession } from '../sessions/begin.ts';
import { type Result, succeed } from '../shared/result.ts';
import { advanceAttempt, findAttempt, findRivals } from '../store/attempts.ts';
import { type AuditedTransaction, auditedTransaction } from '../store/audit.ts';
import { acquireTransactionLock } from '../store/dialect.ts';
import type { ClientInfo, LoginAttempt, User } from '../store/schema.ts';
import { findUserByPhoneNumber, setLastLogin } from '../store/users.ts';
import { isCallable } from './attempt.ts';
import { findAlsoVerified } from './contest.ts';
import type { LoginDependencies } from './dependencies.ts';
import { endInTransaction } from './end.ts';
import { findOrAddUser } from './login-user.ts';
import type { VendorFailure } from './vendor-failure.ts';

/**
 * Turns a verified attempt into a session, in one transaction: the attempt, the user, the session and the
 * audit events change together or not at all. If the same call could have been meant for another browser's
 * attempt, both end as contested (docs/decisions/0005).
 *
 * @returns `completed` if this call began the session; `settled` if the attempt ended in another way or by
 * another request; `not_yet` if that cannot be decided yet; or why the vendor did not answer.
 */
export async function completeAttempt(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  session: { sessionToken: string; client: ClientInfo },
): Promise<Result<'completed' | 'settled' | 'not_yet', VendorFailure>> {
  const alsoVerified = await findAlsoVerified(deps, attempt);
  if (!alsoVerified.ok) {
    return alsoVerified;
  }
  const others = alsoVerified.value;
  if (others === 'not_yet') {
    return succeed('not_yet');
  }
  const { outcome, changed, newUser } = await auditedTransaction(
    deps,
    async (audited) => await settle(deps, audited, attempt, session, others),
  ).catch((error: unknown): Settled => {
    if (error instanceof EndedMeanwhile) {
      return { outcome: 'settled', changed: [] };
    }
    throw error;
  });
  for (const id of changed) {
    deps.notifications.notify(id);
  }
  if (newUser !== undefined) {
    await deps.onFirstLogin(newUser).catch((error: unknown) => {
      const user = referenceOf(newUser.id);
      deps.log.error({ event: 'first_login_failed', user, error }, 'onFirstLogin has thrown');
    });
  }
  return succeed(outcome);
}

interface Settled {
  outcome: 'completed' | 'settled';
  /** The ids of the attempts that were changed. */
  changed: readonly string[];
  /** Whom this logged in for the first time. */
  newUser?: User | undefined;
}

/** Rolls the transaction back: the attempt ended while it was being settled, for example was cancelled. */
class EndedMeanwhile extends Error {}

async function settle(
  deps: LoginDependencies,
  audited: AuditedTransaction,
  { id, phone_number: phoneNumber }: LoginAttempt,
  session: { sessionToken: string; client: ClientInfo },
  alsoVerified: ReadonlySet<string>,
): Promise<Settled> {
  const { transaction, record } = audited;
  await acquireTransactionLock(transaction, `phone number ${phoneNumber}`);
  const at = deps.clock.now();
  const attempt = await findAttempt(transaction, 'id', id);
  if (attempt === null || attempt.state !== 'verified' || !isCallable(attempt)) {
    return { outcome: 'settled', changed: [] };
  }

  const others = await findRivals(transaction, attempt, deps.rules.attemptTtlMs);
  const rivals = others.filter(
    (other) => other.call_number === attempt.call_number || alsoVerified.has(other.id),
  );
  if (rivals.length > 0) {
    return await contest(audited, attempt, rivals, at);
  }

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
  await setLastLogin(transaction, user.id, at);
  await beginSession(transaction, {
    ...session,
    user,
    method: 'call',
    at,
    ttlMs: deps.rules.sessionTtlMs,
  });
  await record({ at, type: 'attempt_completed', attemptId: id, userId: user.id, client });
  return {
    outcome: 'completed',
    changed: [id],
    newUser: user.last_login_at === null ? user : undefined,
  };
}

/** Ends an attempt and its rivals as contested. */
async function contest(
  audited: AuditedTransaction,
  attempt: LoginAttempt,
  rivals: readonly LoginAttempt[],
  at: number,
): Promise<Settled> {
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
