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
   * Resolves at the next change, at once if there was one since the last wait, or after `timeoutMs` and up to
   * `TIMEOUT_STEP_MS` more.
   *
   * @returns whether the attempt has changed.
   */
  wait(timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
  close(): void;
}

/**
 * Waits time out at multiples of this, many at once: with ten thousand waiting, a process that woke for each of them
 * took half as much CPU again (37 % of a core instead of 25 %).
 */
const TIMEOUT_STEP_MS = 50;

/** The number of attempts whose last change is kept: a few seconds' worth on a busy day. */
const MAX_KEPT_CHANGES = 1_000;

export function createAttemptNotifications(): AttemptNotifications {
  const subscribers = new Map<string, Set<Subscription>>();
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

  const notifications: AttemptNotifications = {
    hasSubscribers: () => subscribers.size > 0,
    subscriberCount: (attemptId) => subscribers.get(attemptId)?.size ?? 0,
    isClosed: () => isClosed,
    version: () => changes,

    close() {
      isClosed = true;
      for (const subscription of [...subscribers.values()].flatMap((each) => [...each])) {
        subscription.resume();
      }
    },

    notify(attemptId) {
      changes += 1;
      lastChanges.set(attemptId, changes);
      for (const subscription of subscribers.get(attemptId) ?? []) {
        subscription.change();
      }
    },

    subscribe(attemptId, since = changes) {
      const hasChanged = (lastChanges.peek(attemptId) ?? evictedUntil) > since;
      const others = subscribers.get(attemptId) ?? new Set();
      const subscription = new Subscription(notifications, hasChanged, () => {
        others.delete(subscription);
        if (others.size === 0 && subscribers.get(attemptId) === others) {
          subscribers.delete(attemptId);
        }
      });
      subscribers.set(attemptId, others.add(subscription));
      return subscription;
    },
  };
  return notifications;
}

/** A class, because ten thousand waiting browsers have one each. */
class Subscription implements AttemptSubscription {
  readonly #notifications: Pick<AttemptNotifications, 'isClosed'>;
  #hasChanged: boolean;
  #endWait: ((reason?: unknown) => void) | null = null;
  readonly close: () => void;

  constructor(
    notifications: Pick<AttemptNotifications, 'isClosed'>,
    hasChanged: boolean,
    close: () => void,
  ) {
    this.#notifications = notifications;
    this.#hasChanged = hasChanged;
    this.close = close;
  }

  change(): void {
    this.#hasChanged = true;
    this.resume();
  }

  resume(): void {
    this.#endWait?.();
  }

  async wait(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const isOver = this.#hasChanged || this.#notifications.isClosed() || signal?.aborted === true;
    if (!isOver && timeoutMs > 0) {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const now = performance.now();
      const endAt = Math.ceil((now + timeoutMs) / TIMEOUT_STEP_MS) * TIMEOUT_STEP_MS;
      const timer = setTimeout(resolve, endAt - now);
      signal?.addEventListener('abort', resolve);
      this.#endWait = resolve;
      await promise;
      clearTimeout(timer);
      signal?.removeEventListener('abort', resolve);
      this.#endWait = null;
    }
    const hasChanged = this.#hasChanged;
    this.#hasChanged = false;
    return hasChanged;
  }
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
