import { useEffect, useState } from 'react';
import type { StatusPolls } from './status-polls.ts';

const RETRY_MS = 5_000;

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
      try {
        const { StatusPolls } = await loadPolls();
        setLoaded(() => StatusPolls);
      } catch {
        onFailure();
        const isServerThere = await fetch('/api/health/live').then(
          ({ ok }) => ok,
          () => false,
        );
        if (isOver) {
          return;
        }
        if (canReload && isServerThere) {
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
