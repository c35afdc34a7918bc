import 'server-only';
import type { ErrorCode } from '../shared/error-codes.ts';
import type { EventType, Queries, StoredEvent, Whereabouts } from './schema.ts';

export interface NewEvent {
  at: number;
  type: EventType;
  attemptId?: string;
  userId?: string;
  reason?: ErrorCode;
  /** Of the login that the event is about. */
  whereabouts?: Whereabouts;
}

/**
 * Records what happened, in the transaction that makes it happen, so neither is without the other.
 * Called by `recordChange` alone, which also logs it.
 */
export async function insertEvent(queries: Queries, event: NewEvent): Promise<void> {
  await queries
    .insertInto('events')
    .values({
      at: event.at,
      type: event.type,
      attempt_id: event.attemptId ?? null,
      user_id: event.userId ?? null,
      reason: event.reason ?? null,
      device: event.whereabouts?.device ?? null,
      network: event.whereabouts?.network ?? null,
    })
    .execute();
}

/** The latest events of a user that are of one of these types, newest first. */
export async function findEvents<Type extends EventType>(
  queries: Queries,
  userId: string,
  wanted: { types: readonly Type[]; limit: number },
): Promise<(StoredEvent & { type: Type })[]> {
  const events = await queries
    .selectFrom('events')
    .selectAll()
    .where('user_id', '=', userId)
    .where('type', 'in', wanted.types)
    .orderBy('id', 'desc')
    .limit(wanted.limit)
    .execute();
  const isWanted = (event: StoredEvent): event is StoredEvent & { type: Type } =>
    wanted.types.some((type) => type === event.type);
  return events.filter(isWanted);
}
