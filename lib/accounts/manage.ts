import 'server-only';
import { randomUUID } from 'node:crypto';
import type { Log } from '../observe/log.ts';
import type { Clock } from '../shared/clock.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { auditedTransaction } from '../store/audit.ts';
import { acquireTransactionLock } from '../store/dialect.ts';
import type { EventType, Queries, Store, User } from '../store/schema.ts';
import { deleteSessionsOf } from '../store/sessions.ts';
import {
  findUserByPhoneNumber,
  findUserSetAside,
  findUsers,
  insertUser,
  setUserState,
} from '../store/users.ts';
import { type AccountName, findAccount } from './find.ts';

/** What managing users needs from the rest of the app. */
export interface AccountDependencies {
  store: Store;
  clock: Clock;
  log: Log;
}

/** Why nothing was changed. */
export type AccountError =
  | 'user_missing'
  | 'user_exists'
  | 'user_is_set_aside'
  | 'nothing_to_enable'
  | 'nothing_to_exchange'
  | 'no_passkeys';

/** All users, including those set aside, in the order of creation. */
export async function listUsers({ store }: AccountDependencies): Promise<User[]> {
  return await findUsers(store);
}

/** Adds a user for a number without one, so that it may log in although signup is closed. */
export async function addUser(
  deps: AccountDependencies,
  phoneNumber: PhoneNumber,
): Promise<Result<User, AccountError>> {
  return await changeUser(deps, phoneNumber, async (transaction, at) => {
    const id = randomUUID();
    if (!(await insertUser(transaction, { id, phoneNumber, createdAt: at }))) {
      return fail('user_exists');
    }
    return succeed({ id, type: 'user_added' });
  });
}

/** Disables a user: they can no longer log in, and all their sessions end. */
export async function disableUser(
  deps: AccountDependencies,
  phoneNumber: PhoneNumber,
): Promise<Result<User, AccountError>> {
  return await changeUser(deps, phoneNumber, async (transaction, at) => {
    const user = await findAccount(transaction, { phoneNumber });
    if (!user.ok) {
      return user;
    }
    const { id, disabled_at } = user.value;
    await deleteSessionsOf(transaction, id);
    if (disabled_at !== null) {
      return succeed({ id, type: null });
    }
    await setUserState(transaction, id, { disabled_at: at });
    return succeed({ id, type: 'user_disabled' });
  });
}

/**
 * Enables a disabled user or, if the number has no user now, brings back the one most recently set aside.
 * Either way the operator vouches for the number, so its dormant period starts again
 * (docs/decisions/0006-recycled-numbers.md).
 */
export async function enableUser(
  deps: AccountDependencies,
  phoneNumber: PhoneNumber,
): Promise<Result<User, AccountError>> {
  return await changeUser(deps, phoneNumber, async (transaction, at) => {
    const user = await findUserByPhoneNumber(transaction, phoneNumber);
    if (user !== null) {
      if (user.disabled_at === null) {
        return fail('nothing_to_enable');
      }
      await setUserState(transaction, user.id, { disabled_at: null, last_active_at: at });
      return succeed({ id: user.id, type: 'user_enabled' });
    }
    const former = await findUserSetAside(transaction, phoneNumber);
    if (former === null) {
      return fail('user_missing');
    }
    await setUserState(transaction, former.id, { set_aside_at: null, last_active_at: at });
    return succeed({ id: former.id, type: 'user_brought_back' });
  });
}

/** Ends all sessions of a user. They may log in again. */
export async function logOutUser(
  deps: AccountDependencies,
  phoneNumber: PhoneNumber,
): Promise<Result<User, AccountError>> {
  return await changeUser(deps, phoneNumber, async (transaction) => {
    const user = await findAccount(transaction, { phoneNumber });
    if (!user.ok) {
      return user;
    }
    const { id } = user.value;
    const ended = await deleteSessionsOf(transaction, id);
    return succeed({ id, type: ended > 0 ? 'sessions_ended_by_operator' : null });
  });
}

/**
 * Brings back an account that was set aside, by its id or as the latest one of its number, and sets the one
 * aside that has the number now. The operator vouches that the number belongs to the person of the old
 * account (docs/decisions/0006-recycled-numbers.md).
 */
export async function exchangeUser(
  deps: AccountDependencies,
  name: AccountName,
): Promise<Result<User, AccountError>> {
  return await auditedTransaction(deps, async ({ transaction, record }) => {
    const found = await findAccount(transaction, name);
    if (!found.ok && found.error === 'user_missing') {
      return found;
    }
    const former =
      found.ok && found.value.set_aside_at !== null
        ? found.value
        : 'id' in name
          ? null
          : await findUserSetAside(transaction, name.phoneNumber);
    if (former === null) {
      return fail('nothing_to_exchange');
    }
    const at = deps.clock.now();
    const current = await findUserByPhoneNumber(transaction, former.phone_number);
    if (current !== null) {
      await deleteSessionsOf(transaction, current.id);
      await setUserState(transaction, current.id, { set_aside_at: at });
      record({ at, type: 'user_set_aside', userId: current.id });
    }
    const state = { set_aside_at: null, last_active_at: at };
    await setUserState(transaction, former.id, state);
    record({ at, type: 'user_brought_back', userId: former.id });
    return succeed({ ...former, ...state });
  });
}

/** The changed user and the type of the audit event; null if nothing had to change. */
type Change = Result<{ id: string; type: EventType | null }, AccountError>;

/** Makes a change and records its event in one transaction. @returns the user after the change. */
async function changeUser(
  deps: AccountDependencies,
  phoneNumber: PhoneNumber,
  change: (transaction: Queries, at: number) => Promise<Change>,
): Promise<Result<User, AccountError>> {
  return await auditedTransaction(deps, async ({ transaction, record }) => {
    await acquireTransactionLock(transaction, `phone number ${phoneNumber}`);
    const at = deps.clock.now();
    const changed = await change(transaction, at);
    if (!changed.ok) {
      return changed;
    }
    const { id, type } = changed.value;
    if (type !== null) {
      record({ at, type, userId: id });
    }
    const user = await findUserByPhoneNumber(transaction, phoneNumber);
    return user === null ? fail('user_missing') : succeed(user);
  });
}
