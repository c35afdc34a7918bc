import 'server-only';
import type { Passkey, Queries } from './schema.ts';

/**
 * Adds a passkey that has not been used yet.
 *
 * @returns false, changing nothing, if its credential id is known already.
 */
export async function insertPasskey(
  queries: Queries,
  passkey: Omit<Passkey, 'last_used_at'>,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await queries
    .insertInto('passkeys')
    .values(passkey)
    .onConflict((conflict) => conflict.column('credential_id').doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** Finds the passkey that an authenticator names. */
export async function findPasskey(queries: Queries, credentialId: string): Promise<Passkey | null> {
  const passkey = await queries
    .selectFrom('passkeys')
    .selectAll()
    .where('credential_id', '=', credentialId)
    .executeTakeFirst();
  return passkey ?? null;
}

/** The passkeys of a user, the newest first. */
export async function findPasskeys(queries: Queries, userId: string): Promise<Passkey[]> {
  return await queries
    .selectFrom('passkeys')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute();
}

/** Whether a user has a passkey. */
export async function hasPasskey(queries: Queries, userId: string): Promise<boolean> {
  const passkey = await queries
    .selectFrom('passkeys')
    .select('id')
    .where('user_id', '=', userId)
    .limit(1)
    .executeTakeFirst();
  return passkey !== undefined;
}

/**
 * Records a use.
 *
 * @param use.after the counter that the use was checked against.
 * @returns false, changing nothing, if the passkey is gone or was used since.
 */
export async function setPasskeyUsed(
  queries: Queries,
  id: string,
  use: { after: number; counter: number; isBackedUp: boolean; at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await queries
    .updateTable('passkeys')
    .set({ counter: use.counter, is_backed_up: use.isBackedUp ? 1 : 0, last_used_at: use.at })
    .where('id', '=', id)
    .where('counter', '=', use.after)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Renames a passkey of a user. @returns false if the user has none with this id. */
export async function renamePasskey(
  queries: Queries,
  { userId, id }: { userId: string; id: string },
  name: string,
): Promise<boolean> {
  const { numUpdatedRows } = await queries
    .updateTable('passkeys')
    .set({ name })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Removes a passkey of a user. @returns false if the user has none with this id. */
export async function deletePasskey(
  queries: Queries,
  { userId, id }: { userId: string; id: string },
): Promise<boolean> {
  const { numDeletedRows } = await queries
    .deleteFrom('passkeys')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

/** The hosts, other than the given one, for which there are passkeys, and how many for each. */
export async function countPasskeysElsewhere(
  queries: Queries,
  rpId: string,
): Promise<{ rp_id: string; count: number }[]> {
  const rows = await queries
    .selectFrom('passkeys')
    .select((select) => ['rp_id', select.fn.countAll().as('count')])
    .where('rp_id', '!=', rpId)
    .groupBy('rp_id')
    .orderBy('rp_id')
    .execute();
  return rows.map(({ rp_id, count }) => ({ rp_id, count: Number(count) }));
}
