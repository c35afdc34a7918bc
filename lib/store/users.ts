import 'server-only';
import type { PhoneNumber } from '../shared/phone-number.ts';
import type { Queries, User } from './schema.ts';

/** The user with this phone number, or null. */
export async function findUserByPhoneNumber(
  queries: Queries,
  phoneNumber: PhoneNumber,
): Promise<User | null> {
  const user = await queries
    .selectFrom('users')
    .selectAll()
    .where('phone_number', '=', phoneNumber)
    .executeTakeFirst();
  return user ?? null;
}

/**
 * Adds a user, unless the phone number has one already.
 *
 * @returns whether this call added it.
 */
export async function insertUser(
  queries: Queries,
  user: { id: string; phoneNumber: PhoneNumber; createdAt: number },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await queries
    .insertInto('users')
    .values({
      id: user.id,
      phone_number: user.phoneNumber,
      created_at: user.createdAt,
      last_login_at: null,
      disabled_at: null,
    })
    .onConflict((conflict) => conflict.column('phone_number').doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** Notes when a user last logged in. */
export async function setLastLogin(queries: Queries, id: string, at: number): Promise<void> {
  await queries.updateTable('users').set({ last_login_at: at }).where('id', '=', id).execute();
}
