import 'server-only';
import { type Log, referenceOf } from '../observe/log.ts';
import { insertEvent, type NewEvent } from './events.ts';
import type { EventType, Queries, Store } from './schema.ts';

/** A transaction, and the way to record in it what it does. */
export interface AuditedTransaction {
  transaction: Queries;
  /** Records an event with the change it tells of. `also` is for the log alone. */
  record(event: NewEvent, also?: { phoneNumber: string }): Promise<void>;
}

/** Events that somebody may have to look into. */
const notable: ReadonlySet<EventType> = new Set(['attempt_contested', 'attempt_failed']);

/**
 * Makes a change in one transaction with the events that tell of it. What has been committed is
 * then in the log as well, one line for each event; what was rolled back is in neither.
 */
export async function auditedTransaction<T>(
  { store, log }: { store: Store; log: Log },
  change: (audited: AuditedTransaction) => Promise<T>,
): Promise<T> {
  const recorded: { event: NewEvent; also: { phoneNumber: string } | undefined }[] = [];
  const outcome = await store.transaction().execute(async (transaction) => {
    return await change({
      transaction,
      async record(event, also) {
        await insertEvent(transaction, event);
        recorded.push({ event, also });
      },
    });
  });
  for (const { event, also } of recorded) {
    log[notable.has(event.type) ? 'warn' : 'info'](
      {
        event: event.type,
        at: new Date(event.at).toISOString(),
        attempt: event.attemptId === undefined ? undefined : referenceOf(event.attemptId),
        user: event.userId === undefined ? undefined : referenceOf(event.userId),
        reason: event.reason,
        network: event.client?.network,
        ...also,
      },
      'recorded',
    );
  }
  return outcome;
}
