import 'server-only';
import type { Clock } from '../shared/clock.ts';
import type { Log } from './log.ts';

/** Writes log lines that any client can cause by sending requests. */
export type ThrottledLog = (
  log: Log,
  level: 'info' | 'warn' | 'error',
  line: {
    /** What is counted: one of a few constants, never input from outside. */
    kind: string;
    entry: Readonly<Record<string, unknown>>;
    message: string;
    /** Overrides `LINES_PER_MINUTE` for this kind. */
    maxPerMinute?: number;
    /** Whether one line of this kind is enough for the life of the process. */
    isOnce?: true;
  },
) => void;

const MINUTE_MS = 60_000;

/** Enough to recognize an attack. */
export const LINES_PER_MINUTE = 60;

/**
 * Limits the lines of each kind per minute and process, so that bad requests cannot fill the disk or bury
 * other lines. After a minute, the next line of the kind says how many were suppressed.
 */
export function createThrottledLog(clock: Clock): ThrottledLog {
  const counts = new Map<string, { since: number; written: number; suppressed: number }>();
  return (log, level, { kind, entry, message, maxPerMinute = LINES_PER_MINUTE, isOnce }) => {
    const now = clock.now();
    const known = counts.get(kind);
    if (isOnce === true && known !== undefined) {
      return;
    }
    const count =
      known !== undefined && Math.abs(now - known.since) < MINUTE_MS
        ? known
        : { since: now, written: 0, suppressed: known?.suppressed ?? 0 };
    counts.set(kind, count);
    if (count.written >= maxPerMinute) {
      count.suppressed += 1;
      return;
    }
    const { suppressed } = count;
    count.written += 1;
    count.suppressed = 0;
    log[level](suppressed === 0 ? entry : { ...entry, suppressed }, message);
  };
}
