import { useEffect, useState } from 'react';
import { request } from '#components/api.ts';
import { isObjectOf, isString } from '#components/replies.ts';
import type { StatusPolls } from './status-polls.ts';

const RETRY_MS = 5_000;
/** Where no answer comes, a browser waits for a script for minutes. */
const TIME_LIMIT_MS = 10_000;

const isAlive = isObjectOf({ status: isString });

/** Loads the code that polls. Called early, it saves time; it rejects where the code cannot be loaded. */
export const loadPolls = () => import('./status-polls.ts');

/**
 * Loads the code that polls, again and again until it is there. If the server answers and still does not send it, a
 * newer version has replaced this page's: then the page is opened anew, and the attempt's cookie keeps its step.
 *
 * @param options.canReload false on a page that was just opened at this step: to reload it would not help.
 * @param options.onFailure called each time it could not be loaded.
 * @returns null until it is loaded.
 */
export function useLoadedPolls(options: {
  canReload: boolean;
  onFailure(): void;
}): typeof StatusPolls | null {
  const { canReload, onFailure } = options;
  const [loaded, setLoaded] = useState<typeof StatusPolls | null>(null);
  const [failures, setFailures] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each failure is followed by another try.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const load = async () => {
      const timeIsUp = new Promise<never>((_, reject) => {
        timer = setTimeout(reject, TIME_LIMIT_MS);
      });
      try {
        const { StatusPolls } = await Promise.race([loadPolls(), timeIsUp]);
        setLoaded(() => StatusPolls);
      } catch {
        onFailure();
        const answer = await request('/api/health/live', isAlive, {});
        if (isOver) {
          return;
        }
        if (canReload && answer.kind === 'ok') {
          window.location.reload();
        }
        timer = setTimeout(() => setFailures((count) => count + 1), RETRY_MS);
      }
    };
    void load();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [failures]);

  return loaded;
}
