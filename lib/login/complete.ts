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
import { endIn } from './end.ts';
import type { LoginFailure } from './failures.ts';
import { findOrAddUser } from './login-user.ts';

/**
 * ConcurrencyLimit a verified attempt into a session, once, in one transaction: the attempt, the user, the
 * session and the events change together or not at all.
 *
 * Where another browser's attempt could have been meant by the same call, nobody gets in: both are
 * contested (docs/decisions/0005). Afterwards the attempt is in its final state, whichever it is.
 *
 * @returns `logged_in` where this call made the session; `settled` where somebody else has, or nobody is
 * let in; or why that could not be decided: the attempt waits then.
 */
export async function completeAttempt(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  login: { sessionToken: string; from: ClientInfo },
): Promise<Result<'logged_in' | 'settled' | 'not_yet', LoginFailure>> {
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
    if (error instanceof SomebodyWasFirst) {
      return { outcome: 'settled', changed: [] };
    }
    throw error;
  });
  for (const id of changed) {
    deps.notifications.wake(id);
  }
  return succeed(outcome);
}

interface Settled {
  outcome: 'logged_in' | 'settled';
  /** The ids of the attempts that were changed. */
  changed: readonly string[];
}

/** The attempt ended while it was being settled, as by its own cancel button. Takes back the rest. */
class SomebodyWasFirst extends Error {}

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
    const changed: string[] = [];
    const owner = await findUserByPhoneNumber(transaction, attempt.phone_number);
    for (const { id: contestedId } of [attempt, ...rivals]) {
      // Once is enough for the owner of the number to read.
      const userId = contestedId === id ? owner?.id : undefined;
      if (await endIn(audited, contestedId, { state: 'contested', at, userId })) {
        changed.push(contestedId);
      }
    }
    return { outcome: 'settled', changed };
  }

  const { from } = login;
  const found = await findOrAddUser(deps, audited, attempt, at);
  if (!found.ok) {
    const { code: failure, userId } = found.error;
    await endIn(audited, id, { state: 'failed', failure, at, userId, client: from });
    return { outcome: 'settled', changed: [id] };
  }

  const user = found.value;
  const step = { from: 'verified', to: 'completed', endedAt: at } as const;
  if (!(await advanceAttempt(transaction, id, step))) {
    throw new SomebodyWasFirst();
  }
  await setLastLogin(transaction, user.id, at);
  await beginSession(deps, transaction, { user, at, ...login });
  await record({
    at,
    type: 'attempt_completed',
    attemptId: id,
    userId: user.id,
    client: from,
  });
  return { outcome: 'logged_in', changed: [id] };
}
