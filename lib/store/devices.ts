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

/** Marks notices of new devices up to `at` as seen on a kind of device. Never moves back. */
export async function setDeviceNoticesSeen(
  queries: Queries,
  { userId, device, at }: { userId: string; device: string; at: number },
): Promise<void> {
  await queries
    .updateTable('devices')
    .set({ notices_seen_at: at })
    .where('user_id', '=', userId)
    .where('device', '=', device)
    .where('notices_seen_at', '<', at)
    .execute();
}
