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
   * Calls `resume` once: at the next change, at once if there was one since the last wait, or after `timeoutMs` and up to
   * `TIMEOUT_STEP_MS` more.
   */
  wait(timeoutMs: number, resume: (hasChanged: boolean) => void): void;
  /** Ends the current wait and all later ones at once. */
  abandon(): void;
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
  const subscribers = new Map<string, readonly Subscription[]>();
  const timeouts = createTimeouts();
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
    subscriberCount: (attemptId) => subscribers.get(attemptId)?.length ?? 0,
    isClosed: () => isClosed,
    version: () => changes,

    close() {
      isClosed = true;
      for (const subscription of [...subscribers.values()].flat()) {
        subscription.abandon();
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
      const subscription = new Subscription(attemptId, subscribers, timeouts, hasChanged);
      subscribers.set(attemptId, [...(subscribers.get(attemptId) ?? []), subscription]);
      if (isClosed) {
        subscription.abandon();
      }
      return subscription;
    },
  };
}

/** A class without closures, because ten thousand waiting browsers have one each. */
class Subscription implements AttemptSubscription {
  readonly #attemptId: string;
  readonly #all: Map<string, readonly Subscription[]>;
  readonly #timeouts: Timeouts;
  #hasChanged: boolean;
  #isAbandoned = false;
  #resume: ((hasChanged: boolean) => void) | null = null;
  #timeout = 0;

  constructor(
    attemptId: string,
    all: Map<string, readonly Subscription[]>,
    timeouts: Timeouts,
    hasChanged: boolean,
  ) {
    this.#attemptId = attemptId;
    this.#all = all;
    this.#timeouts = timeouts;
    this.#hasChanged = hasChanged;
  }

  wait(timeoutMs: number, resume: (hasChanged: boolean) => void): void {
    this.#resume = resume;
    if (this.#hasChanged || this.#isAbandoned || timeoutMs <= 0) {
      queueMicrotask(() => this.resume());
    } else {
      this.#timeout = this.#timeouts.set(this, timeoutMs);
    }
  }

  change(): void {
    this.#hasChanged = true;
    this.resume();
  }

  abandon(): void {
    this.#isAbandoned = true;
    this.resume();
  }

  resume(): void {
    const resume = this.#resume;
    if (resume !== null) {
      this.#resume = null;
      this.#timeouts.clear(this, this.#timeout);
      const hasChanged = this.#hasChanged;
      this.#hasChanged = false;
      resume(hasChanged);
    }
  }

  close(): void {
    const others = this.#all.get(this.#attemptId)?.filter((each) => each !== this) ?? [];
    if (others.length > 0) {
      this.#all.set(this.#attemptId, others);
    } else {
      this.#all.delete(this.#attemptId);
    }
  }
}

interface Timeouts {
  /** @returns when it is resumed, to `clear` it by. */
  set(subscription: Subscription, timeoutMs: number): number;
  clear(subscription: Subscription, timeout: number): void;
}

/** One timer for all that time out at the same multiple of `TIMEOUT_STEP_MS`. */
function createTimeouts(): Timeouts {
  const steps = new Map<number, { timer: NodeJS.Timeout; waiting: Set<Subscription> }>();

  const open = (step: number) => {
    const end = () => {
      for (const subscription of waiting) {
        subscription.resume();
      }
    };
    const waiting = new Set<Subscription>();
    const opened = { timer: setTimeout(end, step * TIMEOUT_STEP_MS - performance.now()), waiting };
    steps.set(step, opened);
    return opened;
  };

  return {
    set(subscription, timeoutMs) {
      const step = Math.ceil((performance.now() + timeoutMs) / TIMEOUT_STEP_MS);
      (steps.get(step) ?? open(step)).waiting.add(subscription);
      return step;
    },

    clear(subscription, step) {
      const opened = steps.get(step);
      opened?.waiting.delete(subscription);
      if (opened?.waiting.size === 0) {
        clearTimeout(opened.timer);
        steps.delete(step);
      }
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
