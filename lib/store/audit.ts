import 'server-only';
import { type Log, referenceOf } from '../observe/log.ts';
import { type AttemptOutcome, countAttempt, measure } from '../observe/metrics.ts';
import { durableTransaction } from './dialect.ts';
import { insertEvents, type NewEvent } from './events.ts';
import type { EventType, Queries, Store } from './schema.ts';

/** A transaction together with the function that records its events. */
export interface AuditedTransaction {
  transaction: Queries;
  /** Records an event, which is written at the end of the transaction. `logFields` appear only in the log. */
  record(event: NewEvent, logFields?: { phoneNumber: string }): void;
}

/** Events that an operator may have to look into. */
const warnings: ReadonlySet<EventType> = new Set(['attempt_contested', 'attempt_failed']);

/** How the events of an attempt are counted. */
const outcomes: Partial<Record<EventType, AttemptOutcome>> = {
  attempt_started: 'started',
  attempt_verified: 'verified',
  attempt_completed: 'completed',
  attempt_expired: 'expired',
  attempt_failed: 'failed',
  attempt_cancelled: 'cancelled',
  attempt_contested: 'contested',
};

/**
 * Runs a change and records its audit events in one transaction. After the commit each event is logged on a
 * line of its own; after a rollback nothing is logged.
 *
 * @param canBeHadAgain whether the change takes nothing away and comes about again if a power failure undoes it: then it
 * does not wait for the disk (docs/security/durability.md).
 */
export async function auditedTransaction<T>(
  { store, log }: { store: Store; log: Log },
  change: (audited: AuditedTransaction) => Promise<T>,
  { canBeHadAgain = false } = {},
): Promise<T> {
  const recorded: { event: NewEvent; logFields: { phoneNumber: string } | undefined }[] = [];
  const auditedChange = async (transaction: Queries) => {
    const outcome = await change({
      transaction,
      record: (event, logFields) => void recorded.push({ event, logFields }),
    });
    await insertEvents(transaction, ...recorded.map(({ event }) => event));
    return outcome;
  };
  const outcome = canBeHadAgain
    ? await store.transaction().execute(auditedChange)
    : await durableTransaction(store, auditedChange);
  for (const { event, logFields } of recorded) {
    log[warnings.has(event.type) ? 'warn' : 'info'](
      {
        event: event.type,
        at: new Date(event.at).toISOString(),
        attempt: event.attemptId === undefined ? undefined : referenceOf(event.attemptId),
        user: event.userId === undefined ? undefined : referenceOf(event.userId),
        reason: event.reason,
        network: event.client?.network,
        ...logFields,
      },
      'recorded',
    );
    const outcome = outcomes[event.type];
    if (outcome !== undefined) {
      countAttempt(outcome, event.reason);
    }
    if (event.type === 'passkey_used') {
      measure('call_login_logins_total', 1, { method: 'passkey' });
    }
  }
  return outcome;
}
