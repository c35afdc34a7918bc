import 'server-only';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { acquireTransactionLock } from '../store/dialect.ts';
import type { Queries, User } from '../store/schema.ts';
import { findUser, findUserByPhoneNumber, findUserSetAside } from '../store/users.ts';

/** Names one account: any by its id, the one in use by its phone number. */
export type AccountName = { id: string } | { phoneNumber: PhoneNumber };

/**
 * Finds an account in a transaction, and keeps logins with its number from changing it until that ends.
 *
 * @returns the account; or why none is meant: `user_is_set_aside` where the number has only one that was set
 * aside, which may be another person's.
 */
export async function findAccount(
  transaction: Queries,
  name: AccountName,
): Promise<Result<User, 'user_missing' | 'user_is_set_aside'>> {
  // The number of a user never changes.
  const phoneNumber =
    'id' in name ? (await findUser(transaction, name.id))?.phone_number : name.phoneNumber;
  if (phoneNumber === undefined) {
    return fail('user_missing');
  }
  await acquireTransactionLock(transaction, `phone number ${phoneNumber}`);
  const user =
    'id' in name
      ? await findUser(transaction, name.id)
      : await findUserByPhoneNumber(transaction, phoneNumber);
  if (user !== null) {
    return succeed(user);
  }
  const former = await findUserSetAside(transaction, phoneNumber);
  return fail(former === null ? 'user_missing' : 'user_is_set_aside');
}
