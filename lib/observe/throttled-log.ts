import 'server-only';
import type { Clock } from '../shared/clock.ts';
import type { Log } from './log.ts';

/** Writes lines that anybody can bring about by sending requests. */
export type ThrottledLog = (
  log: Log,
  level: 'info' | 'warn' | 'error',
  line: {
    /** One of a few that our own code names, never a text from outside. */
    kind: string;
    entry: Readonly<Record<string, unknown>>;
    message: string;
    /** How many of the kind are enough for a minute, where that is fewer than usual. */
    mostPerMinute?: number;
  },
) => void;

const MINUTE_MS = 60_000;

/** Enough to see an attack by; beyond that a line tells nothing new. */
export const LINES_PER_MINUTE = 60;

/**
 * Keeps whoever sends bad requests from filling the disk, or hiding one line among a million: of
 * each kind, a process writes at most 60 lines a minute, or as few as the line says. The next one says how many were left out.
 */
export function createThrottledLog(clock: Clock): ThrottledLog {
  const counts = new Map<string, { since: number; written: number; leftOut: number }>();
  return (log, level, { kind, entry, message, mostPerMinute = LINES_PER_MINUTE }) => {
    const now = clock.now();
    const known = counts.get(kind);
    const count =
      known !== undefined && Math.abs(now - known.since) < MINUTE_MS
        ? known
        : { since: now, written: 0, leftOut: known?.leftOut ?? 0 };
    counts.set(kind, count);
    if (count.written >= mostPerMinute) {
      count.leftOut += 1;
      return;
    }
    const { leftOut } = count;
    count.written += 1;
    count.leftOut = 0;
    log[level](leftOut === 0 ? entry : { ...entry, leftOut }, message);
  };
}
