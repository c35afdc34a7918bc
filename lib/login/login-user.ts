import 'server-only';
import { randomUUID } from 'node:crypto';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { AuditedTransaction } from '../store/audit.ts';
import type { LoginAttempt, User } from '../store/schema.ts';
import { deleteSessionsOf } from '../store/sessions.ts';
import { findUserByPhoneNumber, insertUser, setUserState } from '../store/users.ts';
import type { LoginRules } from './dependencies.ts';

/** The user that an attempt logs in. */
export interface LoginUser extends Pick<User, 'id' | 'phone_number' | 'last_login_at'> {
  /** Whether this login has added it, and is recorded in it already. */
  isAdded: boolean;
}

/**
 * Finds the user that a verified attempt logs in. Adds one if the number has none, or if it was unused for
 * so long that it may have a new owner (docs/decisions/0006).
 *
 * @returns the user, as it was before the login; or why the number may not log in, with the user it has, if any.
 */
export async function findOrAddUser(
  rules: Pick<LoginRules, 'dormantMs' | 'signup'>,
  { transaction, record }: AuditedTransaction,
  { phone_number: phoneNumber, id: attemptId }: LoginAttempt,
  at: number,
): Promise<Result<LoginUser, { code: 'signup_closed' | 'user_disabled'; userId?: string }>> {
  const known = await findUserByPhoneNumber(transaction, phoneNumber);
  if (known !== null) {
    if (known.disabled_at !== null) {
      return fail({ code: 'user_disabled', userId: known.id });
    }
    if (!isDormant(known, at, rules.dormantMs)) {
      return succeed({ ...known, isAdded: false });
    }
    // Sessions before users, as everywhere, so that transactions never deadlock.
    await deleteSessionsOf(transaction, known.id);
    await setUserState(transaction, known.id, { set_aside_at: at });
    record({ at, type: 'user_set_aside', attemptId, userId: known.id });
  }
  if (rules.signup === 'closed') {
    return fail({ code: 'signup_closed' });
  }
  const userId = randomUUID();
  const login = { createdAt: at, lastLoginAt: at };
  if (await insertUser(transaction, { id: userId, phoneNumber, ...login })) {
    record({ at, type: 'user_created', attemptId, userId });
    if (known !== null) {
      record({ at, type: 'number_taken_over', attemptId, userId });
    }
    const user = { id: userId, phone_number: phoneNumber, last_login_at: null };
    return succeed({ ...user, isAdded: true });
  }
  // Another process has added a user in between.
  const user = await findUserByPhoneNumber(transaction, phoneNumber);
  return user === null ? fail({ code: 'signup_closed' }) : succeed({ ...user, isAdded: false });
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
