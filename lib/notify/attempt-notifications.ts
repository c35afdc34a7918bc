import 'server-only';
import { LRUCache } from 'lru-cache';

/** Notifies the polls held in this process of changes to their attempts. */
export interface AttemptNotifications {
  /**
   * The current version, to subscribe from. Take it before reading the attempt, so that no change
   * between the read and the subscription is missed.
   */
  version(): Version;
  /** Subscribes to changes after version `since`, by default the current one. Close it when done. */
  subscribe(attemptId: string, since?: Version): AttemptSubscription;
  notify(attemptId: string): void;
  hasSubscribers(): boolean;
  subscriberCount(attemptId: string): number;
  /** Ends all current waits; later waits return at once. */
  close(): void;
  isClosed(): boolean;
}

/** The number of changes so far, to any attempt. */
export type Version = number;

export interface AttemptSubscription {
  /**
   * Resolves at the next change, at once if there was one since the last wait, or after `timeoutMs`.
   *
   * @returns whether the attempt has changed.
   */
  wait(timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
  close(): void;
}

/** The number of attempts whose last change is kept: a few seconds' worth on a busy day. */
const MAX_KEPT_CHANGES = 1_000;

export function createAttemptNotifications(): AttemptNotifications {
  const subscribers = new Map<string, Set<() => void>>();
  let isClosed = false;
  let changes: Version = 0;
  /** The version of the newest evicted change. An attempt without an entry may have changed up to it. */
  let evictedUntil: Version = 0;
  const lastChanges = new LRUCache<string, Version>({
    max: MAX_KEPT_CHANGES,
    dispose: (changedAt, _attemptId, reason) => {
      evictedUntil = reason === 'evict' ? changedAt : evictedUntil;
    },
  });

  return {
    hasSubscribers: () => subscribers.size > 0,
    subscriberCount: (attemptId) => subscribers.get(attemptId)?.size ?? 0,
    isClosed: () => isClosed,
    version: () => changes,

    close() {
      isClosed = true;
      for (const onChange of [...subscribers.values()].flatMap((callbacks) => [...callbacks])) {
        onChange();
      }
    },

    notify(attemptId) {
      changes += 1;
      lastChanges.set(attemptId, changes);
      for (const onChange of subscribers.get(attemptId) ?? []) {
        onChange();
      }
    },

    subscribe(attemptId, since = changes) {
      let hasChanged = (lastChanges.peek(attemptId) ?? evictedUntil) > since;
      let resume: (() => void) | null = null;
      const onChange = () => {
        hasChanged = true;
        resume?.();
      };
      const callbacks = subscribers.get(attemptId) ?? new Set();
      subscribers.set(attemptId, callbacks.add(onChange));

      return {
        async wait(timeoutMs, signal) {
          if (!hasChanged && !isClosed && !signal?.aborted && timeoutMs > 0) {
            const { promise, resolve } = Promise.withResolvers<unknown>();
            const timer = setTimeout(resolve, timeoutMs);
            signal?.addEventListener('abort', resolve);
            resume = () => resolve(null);
            await promise;
            clearTimeout(timer);
            signal?.removeEventListener('abort', resolve);
            resume = null;
          }
          const changed = hasChanged;
          hasChanged = false;
          return changed;
        },
        close() {
          callbacks.delete(onChange);
          if (callbacks.size === 0 && subscribers.get(attemptId) === callbacks) {
            subscribers.delete(attemptId);
          }
        },
      };
    },
  };
}

/**
 * Also publishes this process's changes to the other processes. Changes received from them must be passed
 * to `local`, or they would be published again.
 */
export function shareAttemptNotifications(
  local: AttemptNotifications,
  publish: (attemptId: string) => void,
): AttemptNotifications {
  return {
    ...local,
    notify(attemptId) {
      local.notify(attemptId);
      publish(attemptId);
    },
  };
}
