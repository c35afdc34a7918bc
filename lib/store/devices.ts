import 'server-only';
import type { InsertResult } from 'kysely';
import { compileOnce } from './compile-once.ts';
import type { Device, Queries } from './schema.ts';

/**
 * Records the first login of a user with a kind of device.
 *
 * @returns false, changing nothing, if the user has logged in with such a device before.
 */
export async function insertDevice(queries: Queries, device: Device): Promise<boolean> {
  const { numAffectedRows } = await insertion(queries, device);
  return numAffectedRows === 1n;
}

const insertion = compileOnce<Device, InsertResult>((queries, value) =>
  queries
    .insertInto('devices')
    .values({
      user_id: value('user_id'),
      device: value('device'),
      network: value('network'),
      session_public_id: value('session_public_id'),
      first_login_at: value('first_login_at'),
      notices_seen_at: value('notices_seen_at'),
    })
    .onConflict((conflict) => conflict.columns(['user_id', 'device']).doNothing()),
);

/** The kinds of device a user has logged in with, by first login, newest first. */
export async function findDevices(queries: Queries, userId: string): Promise<Device[]> {
  return await queries
    .selectFrom('devices')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('first_login_at', 'desc')
    .execute();
}
