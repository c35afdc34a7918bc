import 'server-only';
import { createSemaphore } from './semaphore.ts';

/** Lets so many things be under way as go well, and the others wait in line. */
export interface ConcurrencyLimit {
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
export function createConcurrencyLimit(
  { least, most }: { least: number; most: number },
  monotonicMs: () => number = () => performance.now(),
): ConcurrencyLimit {
  const atFirst = Math.min(least, most);
  const slots = createSemaphore(atFirst);
  let allowed = atFirst;
  /** Null until one has gone badly. */
  let failedAt: number | null = null;

  const note = (end: Parameters<GiveBack>[0]) => {
    if (end === 'well') {
      allowed = Math.min(most, allowed + (failedAt === null ? 1 : 1 / allowed));
    } else if (end === 'badly' && monotonicMs() - (failedAt ?? -Infinity) >= ONE_FAILURE_MS) {
      failedAt = monotonicMs();
      allowed = Math.max(atFirst, allowed / 2);
    }
    slots.setCount(Math.floor(allowed));
  };

  return {
    isWaitedFor: slots.isWaitedFor,

    async take(waitMs) {
      const giveBack = await slots.take(waitMs);
      if (giveBack === null) {
        return null;
      }
      return (end) => {
        note(end);
        giveBack();
      };
    },
  };
}
