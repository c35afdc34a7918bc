import 'server-only';
import type { InsertResult, UpdateResult } from 'kysely';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { userColumns } from './columns.ts';
import { compileOnce } from './compile-once.ts';
import type { Queries, User } from './schema.ts';

/** Finds the user of a phone number. Users set aside no longer have theirs. */
export async function findUserByPhoneNumber(
  queries: Queries,
  phoneNumber: PhoneNumber,
): Promise<User | null> {
  const { rows } = await selectionByPhoneNumber(queries, { phoneNumber });
  return rows[0] ?? null;
}

const selectionByPhoneNumber = compileOnce<{ phoneNumber: PhoneNumber }, User>((queries, value) =>
  queries
    .selectFrom('users')
    .select(userColumns)
    .where('phone_number', '=', value('phoneNumber'))
    .where('set_aside_at', 'is', null),
);

/** Finds a user, also one who was set aside. */
export async function findUser(queries: Queries, id: string): Promise<User | null> {
  const { rows } = await selectionById(queries, { id });
  return rows[0] ?? null;
}

const selectionById = compileOnce<{ id: string }, User>((queries, value) =>
  queries.selectFrom('users').select(userColumns).where('id', '=', value('id')),
);

/**
 * Adds a user.
 *
 * @param user.lastLoginAt absent where nobody has logged in yet.
 * @returns false, changing nothing, if the phone number already has a user.
 */
export async function insertUser(
  queries: Queries,
  user: { id: string; phoneNumber: PhoneNumber; createdAt: number; lastLoginAt?: number },
): Promise<boolean> {
  const { numAffectedRows } = await insertion(queries, { lastLoginAt: null, ...user });
  return numAffectedRows === 1n;
}

const insertion = compileOnce<
  { id: string; phoneNumber: PhoneNumber; createdAt: number; lastLoginAt: number | null },
  InsertResult
>((queries, value) =>
  queries
    .insertInto('users')
    .values({
      id: value('id'),
      phone_number: value('phoneNumber'),
      created_at: value('createdAt'),
      last_login_at: value('lastLoginAt'),
      last_active_at: value('createdAt'),
    })
    .onConflict((conflict) =>
      conflict.column('phone_number').where('set_aside_at', 'is', null).doNothing(),
    ),
);

/** Records a user's last login by call, which also shows who has the phone number. */
export async function setLastLogin(queries: Queries, id: string, at: number): Promise<void> {
  await updateLastLogin(queries, { id, at });
}

const updateLastLogin = compileOnce<{ id: string; at: number }, UpdateResult>((queries, value) =>
  queries
    .updateTable('users')
    .set({ last_login_at: value('at'), last_active_at: value('at') })
    .where('id', '=', value('id')),
);

/** Records a user's last login by passkey, which says nothing about the phone number. */
export async function setLastPasskeyLogin(queries: Queries, id: string, at: number): Promise<void> {
  await queries.updateTable('users').set({ last_login_at: at }).where('id', '=', id).execute();
}

/** Sets what is known of a user and passkeys, unless it is set already. */
export async function setOnce(
  queries: Queries,
  id: string,
  known: Pick<User, 'webauthn_user_id'> | Pick<User, 'passkey_offer_declined_at'>,
): Promise<void> {
  const column = 'webauthn_user_id' in known ? 'webauthn_user_id' : 'passkey_offer_declined_at';
  await queries
    .updateTable('users')
    .set(known)
    .where('id', '=', id)
    .where(column, 'is', null)
    .execute();
}

/** All users, including those set aside, in the order of creation. */
export async function findUsers(queries: Queries): Promise<User[]> {
  return await queries
    .selectFrom('users')
    .selectAll()
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

/** The user most recently set aside among those who had this phone number. */
export async function findUserSetAside(
  queries: Queries,
  phoneNumber: PhoneNumber,
): Promise<User | null> {
  const user = await queries
    .selectFrom('users')
    .selectAll()
    .where('phone_number', '=', phoneNumber)
    .where('set_aside_at', 'is not', null)
    .orderBy('set_aside_at', 'desc')
    .executeTakeFirst();
  return user ?? null;
}

/** Disables, enables, sets aside or brings back a user. */
export async function setUserState(
  queries: Queries,
  id: string,
  state: Partial<Pick<User, 'disabled_at' | 'set_aside_at' | 'last_active_at'>>,
): Promise<void> {
  await queries.updateTable('users').set(state).where('id', '=', id).execute();
}
