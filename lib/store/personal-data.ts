import 'server-only';
import type { LoginAttempt, Queries, StoredEvent } from './schema.ts';

/** The ids of the attempts for the number that a user has now: none of a user who was set aside. */
function attemptIdsOf(queries: Queries, userId: string) {
  return queries
    .selectFrom('attempts')
    .innerJoin('users', 'users.phone_number', 'attempts.phone_number')
    .where('users.id', '=', userId)
    .where('users.set_aside_at', 'is', null)
    .select('attempts.id');
}

/** The attempts for the number that a user has now, whoever started them; oldest first. */
export async function findAttemptsOf(queries: Queries, userId: string): Promise<LoginAttempt[]> {
  return await queries
    .selectFrom('attempts')
    .selectAll()
    .where('id', 'in', attemptIdsOf(queries, userId))
    .orderBy('created_at')
    .execute();
}

/** Deletes what `findAttemptsOf` finds. @returns the number of attempts. */
export async function deleteAttemptsOf(queries: Queries, userId: string): Promise<number> {
  const { numDeletedRows } = await queries
    .deleteFrom('attempts')
    .where('id', 'in', attemptIdsOf(queries, userId))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** The events of a user and of the attempts for their number, oldest first. */
export async function findEventsOf(queries: Queries, userId: string): Promise<StoredEvent[]> {
  return await queries
    .selectFrom('events')
    .selectAll()
    .where((where) =>
      where.or([
        where('user_id', '=', userId),
        where('attempt_id', 'in', attemptIdsOf(queries, userId)),
      ]),
    )
    .orderBy('id')
    .execute();
}

/** Removes device and network from what `findEventsOf` finds. @returns the number of events. */
export async function clearClientsOf(queries: Queries, userId: string): Promise<number> {
  const { numUpdatedRows } = await queries
    .updateTable('events')
    .set({ device: null, network: null })
    .where((where) =>
      where.or([
        where('user_id', '=', userId),
        where('attempt_id', 'in', attemptIdsOf(queries, userId)),
      ]),
    )
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Deletes a user, whose sessions, devices and passkeys go with them. */
export async function deleteUserRow(queries: Queries, userId: string): Promise<void> {
  await queries.deleteFrom('users').where('id', '=', userId).execute();
}
