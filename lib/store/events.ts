import 'server-only';
import type { ErrorCode } from '../shared/error-codes.ts';
import type { EventType, Queries } from './schema.ts';

/** Records what happened. Called in the transaction that makes it happen, so neither is without the other. */
export async function insertEvent(
  queries: Queries,
  event: {
    at: number;
    type: EventType;
    attemptId?: string;
    userId?: string;
    reason?: ErrorCode;
  },
): Promise<void> {
  await queries
    .insertInto('events')
    .values({
      at: event.at,
      type: event.type,
      attempt_id: event.attemptId ?? null,
      user_id: event.userId ?? null,
      reason: event.reason ?? null,
    })
    .execute();
}
