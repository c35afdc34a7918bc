import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../observe/log.ts';
import { type ChangedAttempt, findLatestChanges } from '../store/events.ts';
import type { Store } from '../store/schema.ts';
import type { AttemptNotifications } from './attempt-notifications.ts';

/** How often the events are read while somebody waits: one small query for all of them. */
export const EVENT_POLL_INTERVAL_MS = 250;

/**
 * Wakes whoever waits here for what other processes have recorded, by reading the events they add to
 * the store. For where nothing faster tells us; the cost is the same however many wait.
 *
 * @param isNeeded whether nothing faster does at the moment.
 */
export function pollEvents(
  deps: { store: Store; notifications: AttemptNotifications; log: Log },
  isNeeded: () => boolean,
  signal: AbortSignal,
): void {
  void (async () => {
    /** The latest events as last read; null while nobody waits. */
    let known: readonly ChangedAttempt[] | null = null;
    while (!signal.aborted) {
      await delay(EVENT_POLL_INTERVAL_MS, null, { signal, ref: false }).catch(() => {});
      if (!isNeeded() || !deps.notifications.isSomebodyListening()) {
        known = null;
        continue;
      }
      try {
        const latest = await findLatestChanges(deps.store, known?.at(-1)?.id ?? null);
        const before = new Set(known?.map(({ id }) => id));
        for (const { id, attempt_id } of latest) {
          if (!before.has(id)) {
            deps.notifications.wake(attempt_id);
          }
        }
        known = latest;
      } catch (error) {
        deps.log.warn({ event: 'event_watch_failed', error }, 'the events could not be read');
        await delay(1_000, null, { signal, ref: false }).catch(() => {});
      }
    }
  })();
}
