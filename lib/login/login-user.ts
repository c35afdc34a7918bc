import 'server-only';
import { randomUUID } from 'node:crypto';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { AuditedTransaction } from '../store/audit.ts';
import type { LoginAttempt, User } from '../store/schema.ts';
import { deleteSessionsOf } from '../store/sessions.ts';
import { findUserByPhoneNumber, insertUser, setUserState } from '../store/users.ts';
import type { LoginRules } from './dependencies.ts';

/** Why a verified number is not let in, with the user it has, if any. */
export interface Refusal {
  code: 'signup_closed' | 'user_disabled';
  userId?: string;
}

/**
 * The user that a verified attempt logs in: the one the number has, or a new one where it has none or
 * where it was unused for so long that it may have a new owner (docs/decisions/0006).
 */
export async function findOrAddUser(
  rules: Pick<LoginRules, 'dormantMs' | 'signup'>,
  { transaction, record }: AuditedTransaction,
  { phone_number: phoneNumber, id: attemptId }: LoginAttempt,
  at: number,
): Promise<Result<User, Refusal>> {
  const known = await findUserByPhoneNumber(transaction, phoneNumber);
  if (known !== null && known.disabled_at !== null) {
    return fail({ code: 'user_disabled', userId: known.id });
  }
  if (known !== null && !isDormant(known, at, rules.dormantMs)) {
    return succeed(known);
  }
  if (known !== null) {
    // Sessions before users, as everywhere, so that transactions never deadlock.
    await deleteSessionsOf(transaction, known.id);
    await setUserState(transaction, known.id, { set_aside_at: at });
    await record({ at, type: 'user_set_aside', attemptId, userId: known.id });
  }
  if (rules.signup === 'closed') {
    return fail({ code: 'signup_closed' });
  }
  const userId = randomUUID();
  if (await insertUser(transaction, { id: userId, phoneNumber, createdAt: at })) {
    await record({ at, type: 'user_created', attemptId, userId });
    if (known !== null) {
      await record({ at, type: 'number_taken_over', attemptId, userId });
    }
  }
  // Another process may have added it in between: then that one is the user.
  const user = await findUserByPhoneNumber(transaction, phoneNumber);
  return user === null ? fail({ code: 'signup_closed' }) : succeed(user);
}

/**
 * Whether a number was unused for so long that a carrier may have given it to somebody else.
 *
 * @param dormantMs how long a number may be unused; 0 means for ever.
 */
export function isDormant(
  { last_active_at }: Pick<User, 'last_active_at'>,
  now: number,
  dormantMs: number,
): boolean {
  return dormantMs > 0 && now - last_active_at > dormantMs;
}
