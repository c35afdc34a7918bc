import 'server-only';
import { randomUUID } from 'node:crypto';
import type { InsertResult } from 'kysely';
import { referenceOf } from '../observe/log.ts';
import type { ErrorCode } from '../shared/error-codes.ts';
import { compileOnce } from './compile-once.ts';
import { insertMessages, isOutboxUsed } from './outbox.ts';
import type { ClientInfo, EventType, Queries, StoredEvent } from './schema.ts';

export interface NewEvent {
  at: number;
  type: EventType;
  attemptId?: string | undefined;
  userId?: string | undefined;
  reason?: ErrorCode | undefined;
  /** The client of the login that the event is about. */
  client?: ClientInfo;
}

/**
 * Adds events, and the messages of them where there is a webhook. Only `auditedTransaction` should call it, which
 * writes the events in the same transaction as the change and logs them after the commit.
 */
export async function insertEvents(queries: Queries, ...events: NewEvent[]): Promise<void> {
  if (events.length === 0) {
    return;
  }
  const rows = events.map((event) => ({
    at: event.at,
    type: event.type,
    attempt_id: event.attemptId ?? null,
    user_id: event.userId ?? null,
    reason: event.reason ?? null,
    device: event.client?.device ?? null,
    network: event.client?.network ?? null,
  }));
  const [row] = rows;
  if (row !== undefined && rows.length === 1) {
    await insertion(queries, row);
  } else {
    await queries.insertInto('events').values(rows).execute();
  }
  if (isOutboxUsed()) {
    await insertMessages(
      queries,
      events.map((event) => ({
        id: `evt_${randomUUID()}`,
        payload: JSON.stringify(payloadOf(event)),
        created_at: event.at,
      })),
    );
  }
}

/** Of a single event, as most are. */
const insertion = compileOnce<Omit<StoredEvent, 'id'>, InsertResult>((queries, value) =>
  queries.insertInto('events').values({
    at: value('at'),
    type: value('type'),
    attempt_id: value('attempt_id'),
    user_id: value('user_id'),
    reason: value('reason'),
    device: value('device'),
    network: value('network'),
  }),
);

/** An event as the webhook sends it; docs/observe.md, "I want events in another system". */
function payloadOf({ at, type, attemptId, userId, reason, client }: NewEvent) {
  return {
    type,
    timestamp: new Date(at).toISOString(),
    data: {
      attempt: attemptId === undefined ? null : referenceOf(attemptId),
      user_id: userId ?? null,
      reason: reason ?? null,
      device: client?.device ?? null,
      network: client?.network ?? null,
    },
  };
}

/** The latest events of a user of the given types, newest first. */
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

/** An event of an attempt other than its start. */
export interface ChangedAttempt {
  id: number;
  attempt_id: string;
}

/** Ids are assigned before the commit, so an event this far behind the latest id may still appear. */
const MAX_ID_LAG = 200;

/**
 * The attempt events since the one with `sinceId`, including the `MAX_ID_LAG` ids before it; without it, the
 * latest. Oldest first.
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
      ? await changes.orderBy('id', 'desc').limit(MAX_ID_LAG).execute()
      : await changes.where('id', '>', sinceId - MAX_ID_LAG).execute();
  return rows.toSorted((one, other) => one.id - other.id);
}
