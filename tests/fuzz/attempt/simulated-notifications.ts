import {
  type AttemptNotifications,
  createAttemptNotifications,
} from '#lib/notify/attempt-notifications.ts';

/** Longer than any step of a schedule takes. */
const FOREVER_MS = 600_000;

/** Attempt notifications in simulated time: a wait that is not notified first advances the clock by its timeout. */
export function createSimulatedNotifications(world: {
  /** Resolves when the scheduler lets the wait time out. */
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
            listener.wait(FOREVER_MS, waiting.signal).then(() => 'notified' as const),
            world.barrier().then(() => 'time' as const),
          ]);
          waiting.abort();
          if (first === 'time') {
            await world.advance(timeoutMs);
          }
          return first === 'notified';
        },
      };
    },
  };
}
