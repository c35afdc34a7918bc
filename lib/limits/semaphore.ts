import 'server-only';

/** A counting semaphore with a FIFO queue and a timeout for each waiter. */
interface Semaphore {
  /**
   * Waits for a permit, at most `waitMs`.
   *
   * @returns the function that releases it, to be called once; null after a timeout.
   */
  acquire(waitMs: number): Promise<(() => void) | null>;
  hasWaiters(): boolean;
  /** Changes the number of permits. Permits already held stay valid, even if there are now too many. */
  setPermits(count: number): void;
}

export function createSemaphore(initialPermits: number): Semaphore {
  let permits = initialPermits;
  let held = 0;
  const queue = new Set<() => void>();

  const wakeWaiters = () => {
    for (const next of queue) {
      if (held >= permits) {
        return;
      }
      next();
    }
  };
  const hold = () => {
    held += 1;
    return () => {
      held -= 1;
      wakeWaiters();
    };
  };

  return {
    hasWaiters: () => queue.size > 0,

    setPermits(count) {
      permits = count;
      wakeWaiters();
    },

    async acquire(waitMs) {
      if (held < permits) {
        return hold();
      }
      return await new Promise((resolve) => {
        const timer = setTimeout(() => {
          queue.delete(proceed);
          resolve(null);
        }, waitMs);
        const proceed = () => {
          clearTimeout(timer);
          queue.delete(proceed);
          resolve(hold());
        };
        queue.add(proceed);
      });
    },
  };
}
