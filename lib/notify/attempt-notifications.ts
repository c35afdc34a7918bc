import 'server-only';
import { LRUCache } from 'lru-cache';

/** Tells whoever waits for an attempt, in this process, that it has changed. */
export interface AttemptNotifications {
  /** This moment, to listen from. To be taken before the look that decides whether to wait. */
  moment(): Moment;
  /** Starts listening; what has changed since that moment, or from now on, is not missed. Close it when done. */
  listen(attemptId: string, since?: Moment): AttemptSubscription;
  wake(attemptId: string): void;
  isSomebodyListening(): boolean;
  /** How many listen for an attempt. */
  countListening(attemptId: string): number;
  /** Wakes everybody; from now on every wait is over at once. */
  close(): void;
  isClosed(): boolean;
}

/** How many changes there had been. */
export type Moment = number;

export interface AttemptSubscription {
  /**
   * Resolves at the next change, or at once if there was one since the last wait; or after `timeoutMs`.
   *
   * @returns whether something has changed.
   */
  wait(timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
  close(): void;
}

/** Of so many attempts the last change is remembered: those of some seconds, on a busy day. */
const REMEMBERED_CHANGES = 1_000;

export function createAttemptNotifications(): AttemptNotifications {
  const listeners = new Map<string, Set<() => void>>();
  let isClosed = false;
  let changes: Moment = 0;
  /** Until when it is not known any more what has changed. */
  let forgottenUntil: Moment = 0;
  const lastChanges = new LRUCache<string, Moment>({
    max: REMEMBERED_CHANGES,
    dispose: (moment, _attemptId, reason) => {
      forgottenUntil = reason === 'evict' ? moment : forgottenUntil;
    },
  });

  return {
    isSomebodyListening: () => listeners.size > 0,
    countListening: (attemptId) => listeners.get(attemptId)?.size ?? 0,
    isClosed: () => isClosed,
    moment: () => changes,

    close() {
      isClosed = true;
      for (const notify of [...listeners.values()].flatMap((notifiers) => [...notifiers])) {
        notify();
      }
    },

    wake(attemptId) {
      changes += 1;
      lastChanges.set(attemptId, changes);
      for (const notify of listeners.get(attemptId) ?? []) {
        notify();
      }
    },

    listen(attemptId, since = changes) {
      let missed = (lastChanges.peek(attemptId) ?? forgottenUntil) > since;
      let resume: (() => void) | null = null;
      const notify = () => {
        missed = true;
        resume?.();
      };
      const notifiers = listeners.get(attemptId) ?? new Set();
      listeners.set(attemptId, notifiers.add(notify));

      return {
        async wait(timeoutMs, signal) {
          if (!missed && !isClosed && !signal?.aborted && timeoutMs > 0) {
            await new Promise<void>((resolve) => {
              const done = () => {
                clearTimeout(timer);
                signal?.removeEventListener('abort', done);
                resolve();
              };
              const timer = setTimeout(done, timeoutMs);
              resume = done;
              signal?.addEventListener('abort', done);
            });
            resume = null;
          }
          const hasChanged = missed;
          missed = false;
          return hasChanged;
        },
        close() {
          notifiers.delete(notify);
          if (notifiers.size === 0 && listeners.get(attemptId) === notifiers) {
            listeners.delete(attemptId);
          }
        },
      };
    },
  };
}

/** The same, where a change here is also told elsewhere; what is told from there wakes `local` alone. */
export function shareAttemptNotifications(
  local: AttemptNotifications,
  tell: (attemptId: string) => void,
): AttemptNotifications {
  return {
    ...local,
    wake(attemptId) {
      local.wake(attemptId);
      tell(attemptId);
    },
  };
}
