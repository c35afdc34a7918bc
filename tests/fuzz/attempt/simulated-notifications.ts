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
      let isMissed = false;
      return {
        close: () => listener.close(),
        abandon: () => listener.abandon(),
        wait(timeoutMs, resume) {
          if (isMissed) {
            isMissed = false;
            resume(true);
            return;
          }
          let isOver = false;
          listener.wait(FOREVER_MS, () => {
            if (isOver) {
              isMissed = true;
            } else {
              isOver = true;
              resume(true);
            }
          });
          void world.barrier().then(async () => {
            if (!isOver) {
              isOver = true;
              await world.advance(timeoutMs);
              resume(false);
            }
          });
        },
      };
    },
  };
}
