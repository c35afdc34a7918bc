import 'server-only';
import { stripVTControlCharacters } from 'node:util';
import { type Log, withoutDetails } from './log.ts';
import type { ThrottledLog } from './throttled-log.ts';

declare global {
  /** Next bundles the boot and the routes apart; both must know the one list. */
  var callLoginReportedErrors: WeakSet<object> | undefined;
}

/** The errors that have a line of their own already, so that printing them adds no second one. */
function reportedErrors(): WeakSet<object> {
  globalThis.callLoginReportedErrors ??= new WeakSet();
  return globalThis.callLoginReportedErrors;
}

/** Notes that an error is in the log. @returns false when it was there before. */
export function noteReported(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || reportedErrors().has(error)) {
    return false;
  }
  reportedErrors().add(error);
  return true;
}

/**
 * Makes one JSON line of whatever Next or a library prints from now on, errors that nobody caught
 * included: what they print may hold what a client sent, line ends and all.
 */
export function captureConsole(log: Log, throttledLog: ThrottledLog): void {
  const capture =
    (level: 'info' | 'warn' | 'error') =>
    (...printed: unknown[]) => {
      const error = printed.find((part) => part instanceof Error);
      if (error !== undefined && !noteReported(error)) {
        return;
      }
      const text = printed.filter((part) => typeof part === 'string').join(' ');
      const message = withoutDetails(stripVTControlCharacters(text)).trim();
      if (message !== '' || error !== undefined) {
        const entry = { event: 'printed', ...(error === undefined ? {} : { error }) };
        throttledLog(log, level, { kind: `printed ${level}`, entry, message });
      }
    };
  Object.assign(console, {
    log: capture('info'),
    info: capture('info'),
    debug: capture('info'),
    warn: capture('warn'),
    error: capture('error'),
  });
}
