import 'server-only';

/** Lets so many things happen at once, and the others wait in line. */
export interface Slots {
  /**
   * Waits for a slot, at most `waitMs`.
   *
   * @returns how to give it back, once; or null when there was none in time.
   */
  take(waitMs: number): Promise<(() => void) | null>;
}

export function createSlots(count: number): Slots {
  let free = count;
  const line = new Set<() => void>();

  const give = () => {
    const [next] = line;
    if (next === undefined) {
      free += 1;
    } else {
      next();
    }
  };

  return {
    async take(waitMs) {
      if (free > 0) {
        free -= 1;
        return give;
      }
      return await new Promise((resolve) => {
        const timer = setTimeout(() => {
          line.delete(called);
          resolve(null);
        }, waitMs);
        const called = () => {
          clearTimeout(timer);
          line.delete(called);
          resolve(give);
        };
        line.add(called);
      });
    },
  };
}
