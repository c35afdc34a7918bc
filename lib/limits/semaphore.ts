import 'server-only';

/** Lets so many things happen at once, and the others wait in line. */
export interface Semaphore {
  /**
   * Waits for a slot, at most `waitMs`.
   *
   * @returns how to give it back, once; or null when there was none in time.
   */
  take(waitMs: number): Promise<(() => void) | null>;
  /** Whether somebody waits in line. */
  isWaitedFor(): boolean;
  /** Changes how many there are. Those taken stay taken, though they be too many. */
  setCount(count: number): void;
}

export function createSemaphore(initialCount: number): Semaphore {
  let count = initialCount;
  let taken = 0;
  const line = new Set<() => void>();

  const callNext = () => {
    for (const next of line) {
      if (taken >= count) {
        return;
      }
      next();
    }
  };
  const take = () => {
    taken += 1;
    return () => {
      taken -= 1;
      callNext();
    };
  };

  return {
    isWaitedFor: () => line.size > 0,

    setCount(newCount) {
      count = newCount;
      callNext();
    },

    async take(waitMs) {
      if (taken < count) {
        return take();
      }
      return await new Promise((resolve) => {
        const timer = setTimeout(() => {
          line.delete(called);
          resolve(null);
        }, waitMs);
        const called = () => {
          clearTimeout(timer);
          line.delete(called);
          resolve(take());
        };
        line.add(called);
      });
    },
  };
}
