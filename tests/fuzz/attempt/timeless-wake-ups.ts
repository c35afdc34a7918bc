import {
  type AttemptNotifications,
  createAttemptNotifications,
} from '#lib/notify/attempt-notifications.ts';

/** Much longer than any turn of a schedule. */
const FOR_EVER_MS = 600_000;

/** Waits that take no time of ours: the clock goes on by itself unless somebody wakes the waiter first. */
export function timelessWakeUps(world: {
  /** Passed when it is the waiter's turn to have waited long enough. */
  barrier(): Promise<void>;
  advance(ms: number): Promise<void>;
}): AttemptNotifications {
  const real = createAttemptNotifications();
  return {
    ...real,
    subscribe: (id, since) => {
      const listener = real.subscribe(id, since);
      return {
        close: () => listener.close(),
        wait: async (timeoutMs) => {
          const waiting = new AbortController();
          const first = await Promise.race([
            listener.wait(FOR_EVER_MS, waiting.signal).then(() => 'woken' as const),
            world.barrier().then(() => 'time' as const),
          ]);
          waiting.abort();
          if (first === 'time') {
            await world.advance(timeoutMs);
          }
          return first === 'woken';
        },
      };
    },
  };
}
