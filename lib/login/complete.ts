import 'server-only';
import { beginSession } from '../sessions/begin.ts';
import { type Result, succeed } from '../shared/result.ts';
import { advanceAttempt, findAttemptById, findRivals } from '../store/attempts.ts';
import { type AuditedTransaction, auditedTransaction } from '../store/audit.ts';
import { acquireTransactionLock } from '../store/dialect.ts';
import type { ClientInfo, LoginAttempt } from '../store/schema.ts';
import { findUserByPhoneNumber, setLastLogin } from '../store/users.ts';
import { isCallable } from './attempt.ts';
import { findAlsoVerified } from './contest.ts';
import type { LoginDependencies } from './dependencies.ts';
import { endInTransaction } from './end.ts';
import { findOrAddUser } from './login-user.ts';
import type { LoginFailure } from './vendor-failure.ts';

/**
 * Turns a verified attempt into a session, once, in one transaction: the attempt, the user, the
 * session and the audit events change together or not at all.
 *
 * Where another browser's attempt could have been meant by the same call, both become contested
 * (docs/decisions/0005).
 *
 * @returns `completed` where this call made the session; `settled` where another request decided, or
 * nobody is let in; `not_yet` while it cannot be decided; or why the vendor did not answer.
 */
export async function completeAttempt(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  login: { sessionToken: string; from: ClientInfo },
): Promise<Result<'completed' | 'settled' | 'not_yet', LoginFailure>> {
  const alsoVerified = await findAlsoVerified(deps, attempt);
  if (!alsoVerified.ok) {
    return alsoVerified;
  }
  const others = alsoVerified.value;
  if (others === 'not_yet') {
    return succeed('not_yet');
  }
  const { outcome, changed } = await auditedTransaction(
    deps,
    async (audited) => await settle(deps, audited, attempt, login, others),
  ).catch((error: unknown): Settled => {
    if (error instanceof EndedMeanwhile) {
      return { outcome: 'settled', changed: [] };
    }
    throw error;
  });
  for (const id of changed) {
    deps.notifications.notify(id);
  }
  return succeed(outcome);
}

interface Settled {
  outcome: 'completed' | 'settled';
  /** The ids of the attempts that were changed. */
  changed: readonly string[];
}

/** The attempt ended while it was being settled, e.g. was cancelled. Rolls the transaction back. */
class EndedMeanwhile extends Error {}

async function settle(
  deps: LoginDependencies,
  audited: AuditedTransaction,
  { id, phone_number: phoneNumber }: LoginAttempt,
  login: { sessionToken: string; from: ClientInfo },
  alsoVerified: ReadonlySet<string>,
): Promise<Settled> {
  const { transaction, record } = audited;
  await acquireTransactionLock(transaction, `phone number ${phoneNumber}`);
  const at = deps.clock.now();
  const attempt = await findAttemptById(transaction, id);
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

  const { from: client, sessionToken } = login;
  const found = await findOrAddUser(deps.rules, audited, attempt, at);
  if (!found.ok) {
    const { code: failure, userId } = found.error;
    const end = { to: 'failed', by: 'complete', failure, at, userId, client } as const;
    await endInTransaction(audited, id, end);
    return { outcome: 'settled', changed: [id] };
  }

  const user = found.value;
  const step = { from: 'verified', to: 'completed', by: 'complete', endedAt: at } as const;
  if (!(await advanceAttempt(transaction, id, step))) {
    throw new EndedMeanwhile();
  }
  await setLastLogin(transaction, user.id, at);
  const ttlMs = deps.rules.sessionTtlMs;
  await beginSession(transaction, { user, sessionToken, client, at, ttlMs });
  await record({ at, type: 'attempt_completed', attemptId: id, userId: user.id, client });
  return { outcome: 'completed', changed: [id] };
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
    // One event is enough for the owner of the number to read.
    const userId = id === attempt.id ? owner?.id : undefined;
    const end = { to: 'contested', by: 'complete', at, userId } as const;
    if (await endInTransaction(audited, id, end)) {
      changed.push(id);
    }
  }
  return { outcome: 'settled', changed };
}
