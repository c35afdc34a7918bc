import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../observe/log.ts';
import { type ChangedAttempt, findLatestChanges } from '../store/events.ts';
import type { Store } from '../store/schema.ts';
import type { AttemptNotifications } from './attempt-notifications.ts';

/** One small query per interval, however many polls are held. */
const EVENT_POLL_INTERVAL_MS = 250;

/**
 * Notifies the polls held here of changes made by other processes, by polling the events in the store.
 * The fallback for when Redis does not deliver them.
 *
 * @param isNeeded whether to poll at the moment: Redis is not configured or does not deliver changes.
 */
export function pollEvents(
  deps: { store: Store; notifications: AttemptNotifications; log: Log },
  isNeeded: () => boolean,
  signal: AbortSignal,
): void {
  void (async () => {
    /** The latest events as last read; null while nothing is subscribed. */
    let known: readonly ChangedAttempt[] | null = null;
    while (!signal.aborted) {
      await delay(EVENT_POLL_INTERVAL_MS, null, { signal, ref: false }).catch(() => {});
      if (!isNeeded() || !deps.notifications.hasSubscribers()) {
        known = null;
        continue;
      }
      try {
        const latest = await findLatestChanges(deps.store, known?.at(-1)?.id ?? null);
        const knownIds = new Set(known?.map(({ id }) => id));
        for (const { id, attempt_id } of latest) {
          if (!knownIds.has(id)) {
            deps.notifications.notify(attempt_id);
          }
        }
        known = latest;
      } catch (error) {
        deps.log.warn({ event: 'event_poll_failed', error }, 'polling the events failed');
        await delay(1_000, null, { signal, ref: false }).catch(() => {});
      }
    }
  })();
}
