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

/** What managing users needs from the rest of the house. */
export interface AccountDependencies {
  store: Store;
  clock: Clock;
  log: Log;
}

/** Why nothing was changed. */
export type UsersProblem =
  | 'user_missing'
  | 'user_exists'
  | 'user_is_set_aside'
  | 'nothing_to_enable';

/** Everybody who has an account or had one, in the order in which they came. */
export async function listUsers({ store }: AccountDependencies): Promise<User[]> {
  return await findUsers(store);
}

/** Makes an account for a number that has none, so that it may log in where signup is closed. */
export async function addUser(
  deps: AccountDependencies,
  phoneNumber: PhoneNumber,
): Promise<Result<User, UsersProblem>> {
  return await change(deps, phoneNumber, async (transaction, at) => {
    const id = randomUUID();
    if (!(await insertUser(transaction, { id, phoneNumber, createdAt: at }))) {
      return fail('user_exists');
    }
    return succeed({ id, type: 'user_added' });
  });
}

/** Keeps a user out from now on: no login, and every session ends with its next request. */
export async function disableUser(
  deps: AccountDependencies,
  phoneNumber: PhoneNumber,
): Promise<Result<User, UsersProblem>> {
  return await change(deps, phoneNumber, async (transaction, at) => {
    const user = await findUserByPhoneNumber(transaction, phoneNumber);
    if (user === null) {
      return await missing(transaction, phoneNumber);
    }
    await deleteSessionsOf(transaction, user.id);
    if (user.disabled_at !== null) {
      return succeed({ id: user.id, type: null });
    }
    await setUserState(transaction, user.id, { disabled_at: at });
    return succeed({ id: user.id, type: 'user_disabled' });
  });
}

/**
 * Lets a disabled user log in again; or, where nobody has the number now, gives it back to the
 * account that was set aside last. Either way the operator vouches for the number: its time without
 * use begins anew (docs/decisions/0006-recycled-numbers.md).
 */
export async function enableUser(
  deps: AccountDependencies,
  phoneNumber: PhoneNumber,
): Promise<Result<User, UsersProblem>> {
  return await change(deps, phoneNumber, async (transaction, at) => {
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

/** Ends every session of a user, who may log in again. */
export async function logOutUser(
  deps: AccountDependencies,
  phoneNumber: PhoneNumber,
): Promise<Result<User, UsersProblem>> {
  return await change(deps, phoneNumber, async (transaction) => {
    const user = await findUserByPhoneNumber(transaction, phoneNumber);
    if (user === null) {
      return await missing(transaction, phoneNumber);
    }
    const ended = await deleteSessionsOf(transaction, user.id);
    return succeed({ id: user.id, type: ended > 0 ? 'sessions_ended_by_operator' : null });
  });
}

/** What a change did, with the event that tells of it; null where there was nothing to do. */
type Change = Result<{ id: string; type: EventType | null }, UsersProblem>;

/** Makes a change and writes its event, both or neither. @returns the user as it is afterwards. */
async function change(
  deps: AccountDependencies,
  phoneNumber: PhoneNumber,
  make: (transaction: Queries, at: number) => Promise<Change>,
): Promise<Result<User, UsersProblem>> {
  return await auditedTransaction(deps, async ({ transaction, record }) => {
    await acquireTransactionLock(transaction, `phone number ${phoneNumber}`);
    const at = deps.clock.now();
    const made = await make(transaction, at);
    if (!made.ok) {
      return made;
    }
    const { id, type } = made.value;
    if (type !== null) {
      await record({ at, type, userId: id });
    }
    const user = await findUserByPhoneNumber(transaction, phoneNumber);
    return user === null ? fail('user_missing') : succeed(user);
  });
}

async function missing(transaction: Queries, phoneNumber: PhoneNumber): Promise<Change> {
  const former = await findUserSetAside(transaction, phoneNumber);
  return fail(former === null ? 'user_missing' : 'user_is_set_aside');
}
