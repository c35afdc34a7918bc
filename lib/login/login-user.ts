import 'server-only';
import { randomUUID } from 'node:crypto';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { AuditedTransaction } from '../store/audit.ts';
import type { LoginAttempt, User } from '../store/schema.ts';
import { deleteSessionsOf } from '../store/sessions.ts';
import { findUserByPhoneNumber, insertUser, setUserState } from '../store/users.ts';
import type { LoginDependencies } from './dependencies.ts';
import { decideUser } from './dormancy.ts';

/** Why a number whose call was seen is not let in, with the user it has, if any. */
export interface Refusal {
  code: 'signup_closed' | 'user_disabled';
  userId?: string;
}

/**
 * The user that a verified attempt logs in: the one the number has, or a new one where the number
 * has none, or none that can still be taken for the same person.
 */
export async function findOrAddUser(
  deps: LoginDependencies,
  { transaction, record }: AuditedTransaction,
  attempt: LoginAttempt,
  at: number,
): Promise<Result<User, Refusal>> {
  const { phone_number: phoneNumber, id: attemptId } = attempt;
  const known = await findUserByPhoneNumber(transaction, phoneNumber);
  const decision = known === null ? null : decideUser(known, at, deps.rules.dormantMs);
  if (known !== null && decision === 'log_in') {
    return succeed(known);
  }
  if (known !== null && decision === 'refuse') {
    return fail({ code: 'user_disabled', userId: known.id });
  }
  if (known !== null) {
    // Sessions before users, as everywhere: two transactions that wait for each other are none.
    await deleteSessionsOf(transaction, known.id);
    await setUserState(transaction, known.id, { set_aside_at: at });
    await record({ at, type: 'user_set_aside', attemptId, userId: known.id });
  }
  if (deps.rules.signup === 'closed') {
    return fail({ code: 'signup_closed' });
  }
  const userId = randomUUID();
  if (await insertUser(transaction, { id: userId, phoneNumber, createdAt: at })) {
    await record({ at, type: 'user_created', attemptId, userId });
    if (known !== null) {
      await record({ at, type: 'number_taken_over', attemptId, userId });
    }
  }
  // Another process may have added it in between: then there is one user all the same.
  const user = await findUserByPhoneNumber(transaction, phoneNumber);
  return user === null ? fail({ code: 'signup_closed' }) : succeed(user);
}
