import 'server-only';
import type { OutboxMessage, Queries } from './schema.ts';

declare global {
  /** Whether events are sent to a webhook. Global because Next bundles boot and routes separately. */
  var callLoginHasWebhook: boolean | undefined;
}

/** Whether the events that this process records from now on go to the webhook as well. */
export function setOutboxUsed(isUsed: boolean): void {
  globalThis.callLoginHasWebhook = isUsed;
}

export function isOutboxUsed(): boolean {
  return globalThis.callLoginHasWebhook === true;
}

/** Adds messages, to be sent at once; in the transaction of the changes that they tell of. */
export async function insertMessages(
  queries: Queries,
  messages: readonly Pick<OutboxMessage, 'id' | 'payload' | 'created_at'>[],
): Promise<void> {
  await queries
    .insertInto('outbox')
    .values(messages.map((message) => ({ ...message, next_at: message.created_at, tries: 0 })))
    .execute();
}

/**
 * Claims messages that are due, the longest due first, and counts the try. No other process gets them
 * until `claimedUntil`, by when they should have been sent.
 */
export async function claimMessages(
  queries: Queries,
  { now, claimedUntil, limit }: { now: number; claimedUntil: number; limit: number },
): Promise<OutboxMessage[]> {
  return await queries
    .updateTable('outbox')
    .set((set) => ({ next_at: claimedUntil, tries: set('tries', '+', 1) }))
    .where('id', 'in', (from) =>
      from
        .selectFrom('outbox')
        .select('id')
        .where('next_at', '<=', now)
        .orderBy('next_at')
        .limit(limit),
    )
    // Once more, for the row that another process has claimed since it was selected.
    .where('next_at', '<=', now)
    .returningAll()
    .execute();
}

/** Deletes a message that was sent, or is not tried any more. */
export async function deleteMessage(queries: Queries, id: string): Promise<void> {
  await queries.deleteFrom('outbox').where('id', '=', id).execute();
}

/** Lets a message that was not sent be claimed again at `nextAt`. */
export async function postponeMessage(queries: Queries, id: string, nextAt: number): Promise<void> {
  await queries.updateTable('outbox').set({ next_at: nextAt }).where('id', '=', id).execute();
}
