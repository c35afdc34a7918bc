import 'server-only';
import type { ErrorCode } from '../shared/error-codes.ts';
import type { ClientInfo, EventType, Queries, StoredEvent } from './schema.ts';

export interface NewEvent {
  at: number;
  type: EventType;
  attemptId?: string;
  userId?: string;
  reason?: ErrorCode;
  /** Of the login that the event is about. */
  client?: ClientInfo;
}

/**
 * Records what happened, in the transaction that makes it happen, so neither is without the other.
 * Called by `auditedTransaction` alone, which also logs it.
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
      device: event.client?.device ?? null,
      network: event.client?.network ?? null,
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

/** Something that happened to an attempt, besides its beginning. */
export interface ChangedAttempt {
  id: number;
  attempt_id: string;
}

/** Ids are given before the commit: so far behind the latest, one may still turn up. */
const LATE_IDS = 200;

/**
 * What has happened to attempts since an event that was read before, and shortly before it; without
 * one, the latest. Oldest first.
 */
export async function findLatestChanges(
  queries: Queries,
  sinceId: number | null,
): Promise<ChangedAttempt[]> {
  const changes = queries
    .selectFrom('events')
    .select(['id', 'attempt_id'])
    .where('type', '!=', 'attempt_started')
    .where('attempt_id', 'is not', null)
    .$narrowType<{ attempt_id: string }>();
  const rows =
    sinceId === null
      ? await changes.orderBy('id', 'desc').limit(LATE_IDS).execute()
      : await changes.where('id', '>', sinceId - LATE_IDS).execute();
  return rows.toSorted((one, other) => one.id - other.id);
}
