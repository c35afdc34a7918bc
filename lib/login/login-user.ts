import 'server-only';
import { randomUUID } from 'node:crypto';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { AuditedTransaction } from '../store/audit.ts';
import type { LoginAttempt, User } from '../store/schema.ts';
import { deleteSessionsOf } from '../store/sessions.ts';
import { findUserByPhoneNumber, insertUser, setUserState } from '../store/users.ts';
import type { LoginRules } from './dependencies.ts';

/**
 * Finds the user that a verified attempt logs in. Adds one if the number has none, or if it was unused for
 * so long that it may have a new owner (docs/decisions/0006).
 *
 * @returns the user; or why the number may not log in, with the user it has, if any.
 */
export async function findOrAddUser(
  rules: Pick<LoginRules, 'dormantMs' | 'signup'>,
  { transaction, record }: AuditedTransaction,
  { phone_number: phoneNumber, id: attemptId }: LoginAttempt,
  at: number,
): Promise<Result<User, { code: 'signup_closed' | 'user_disabled'; userId?: string }>> {
  const known = await findUserByPhoneNumber(transaction, phoneNumber);
  if (known !== null) {
    if (known.disabled_at !== null) {
      return fail({ code: 'user_disabled', userId: known.id });
    }
    if (!isDormant(known, at, rules.dormantMs)) {
      return succeed(known);
    }
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
  // Another process may have added a user in between.
  const user = await findUserByPhoneNumber(transaction, phoneNumber);
  return user === null ? fail({ code: 'signup_closed' }) : succeed(user);
}

/**
 * Whether a user was inactive for so long that the carrier may have reassigned their number.
 *
 * @param dormantMs 0 means never.
 */
export function isDormant(
  { last_active_at }: Pick<User, 'last_active_at'>,
  now: number,
  dormantMs: number,
): boolean {
  return dormantMs > 0 && now - last_active_at > dormantMs;
}
