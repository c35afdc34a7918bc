import 'server-only';

/** Lets so many things be under way as go well, and the others wait in line. */
export interface Turns {
  /**
   * Waits for a turn, at most `waitMs`.
   *
   * @returns how to give it back, once, saying how it went; or null when there was none in time.
   */
  take(waitMs: number): Promise<GiveBack | null>;
  /** Whether somebody waits in line. */
  isWaitedFor(): boolean;
}

export type GiveBack = (end: 'well' | 'badly' | 'unused') => void;

/** What was under way when something went badly may go badly too, and says nothing new. */
const ONE_FAILURE_MS = 1_000;

/**
 * How many may be under way: `least` at first, twice as many when all of those have gone well; half as many
 * when one has gone badly, and from then on one more when all have gone well. That is how TCP finds out
 * what a way can bear, without being told (RFC 5681: slow start, then congestion avoidance).
 *
 * @param monotonicMs a time that no setting of the clock changes.
 */
export function createTurns(
  { least, most }: { least: number; most: number },
  monotonicMs: () => number = () => performance.now(),
): Turns {
  let allowed = Math.min(least, most);
  let underWay = 0;
  /** Null until one has gone badly. */
  let failedAt: number | null = null;
  const line = new Set<() => void>();

  const note = (end: Parameters<GiveBack>[0]) => {
    if (end === 'well') {
      allowed = Math.min(most, allowed + (failedAt === null ? 1 : 1 / allowed));
    } else if (end === 'badly' && monotonicMs() - (failedAt ?? -Infinity) >= ONE_FAILURE_MS) {
      failedAt = monotonicMs();
      allowed = Math.max(Math.min(least, most), allowed / 2);
    }
  };

  const giveBack: GiveBack = (end) => {
    underWay -= 1;
    note(end);
    for (const next of line) {
      if (underWay >= Math.floor(allowed)) {
        return;
      }
      next();
    }
  };

  return {
    isWaitedFor: () => line.size > 0,

    async take(waitMs) {
      if (underWay < Math.floor(allowed)) {
        underWay += 1;
        return giveBack;
      }
      return await new Promise((resolve) => {
        const timer = setTimeout(() => {
          line.delete(called);
          resolve(null);
        }, waitMs);
        const called = () => {
          clearTimeout(timer);
          line.delete(called);
          underWay += 1;
          resolve(giveBack);
        };
        line.add(called);
      });
    },
  };
}
