import 'server-only';

/** Tells whoever waits for an attempt, in this process, that it has changed. */
export interface WakeUps {
  /** Starts listening; what changes from now on is not missed. Close it when done. */
  listen(attemptId: string): WakeUpListener;
  wake(attemptId: string): void;
  isSomebodyListening(): boolean;
  /** How many listen for an attempt. */
  countListening(attemptId: string): number;
  /** Wakes everybody; from now on every wait is over at once. */
  close(): void;
  isClosed(): boolean;
}

export interface WakeUpListener {
  /**
   * Resolves at the next change, or at once if there was one since the last wait; or after `timeoutMs`.
   *
   * @returns whether something has changed.
   */
  wait(timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
  close(): void;
}

export function createWakeUps(): WakeUps {
  const listeners = new Map<string, Set<() => void>>();
  let isClosed = false;

  return {
    isSomebodyListening: () => listeners.size > 0,
    countListening: (attemptId) => listeners.get(attemptId)?.size ?? 0,
    isClosed: () => isClosed,

    close() {
      isClosed = true;
      for (const notify of [...listeners.values()].flatMap((notifiers) => [...notifiers])) {
        notify();
      }
    },

    wake(attemptId) {
      for (const notify of listeners.get(attemptId) ?? []) {
        notify();
      }
    },

    listen(attemptId) {
      let missed = false;
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
export function shareWakeUps(local: WakeUps, tell: (attemptId: string) => void): WakeUps {
  return {
    ...local,
    wake(attemptId) {
      local.wake(attemptId);
      tell(attemptId);
    },
  };
}
