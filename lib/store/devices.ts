import 'server-only';
import type { Device, Queries } from './schema.ts';

/**
 * Records the first login of a user with a kind of device.
 *
 * @returns false, changing nothing, if the user has logged in with such a device before.
 */
export async function insertDevice(queries: Queries, device: Device): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await queries
    .insertInto('devices')
    .values(device)
    .onConflict((conflict) => conflict.columns(['user_id', 'device']).doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** The kinds of device a user has logged in with, by first login, newest first. */
export async function findDevices(queries: Queries, userId: string): Promise<Device[]> {
  return await queries
    .selectFrom('devices')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('first_login_at', 'desc')
    .execute();
}
