import 'server-only';
import { stripVTControlCharacters } from 'node:util';
import { type Log, redact } from './log.ts';
import type { ThrottledLog } from './throttled-log.ts';

declare global {
  /** Global because Next bundles boot and routes separately, and both need the same set. */
  var callLoginReportedErrors: WeakSet<object> | undefined;
}

/** Errors that are already in the log, so that printing them does not log them again. */
function reportedErrors(): WeakSet<object> {
  globalThis.callLoginReportedErrors ??= new WeakSet();
  return globalThis.callLoginReportedErrors;
}

/** Marks an error as logged. @returns false if it already was, or is not an object. */
export function markReported(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || reportedErrors().has(error)) {
    return false;
  }
  reportedErrors().add(error);
  return true;
}

/**
 * Redirects the console to the log, one redacted JSON line per call. What Next and libraries print,
 * including uncaught errors, may contain client input with line breaks.
 */
export function captureConsole(log: Log, throttledLog: ThrottledLog): void {
  const capture =
    (level: 'info' | 'warn' | 'error') =>
    (...values: unknown[]) => {
      const error = values.find((value) => value instanceof Error);
      if (error !== undefined && !markReported(error)) {
        return;
      }
      const text = values.filter((value) => typeof value === 'string').join(' ');
      const message = redact(stripVTControlCharacters(text)).trim();
      if (message !== '' || error !== undefined) {
        const entry = { event: 'console_output', ...(error === undefined ? {} : { error }) };
        throttledLog(log, level, { kind: `console ${level}`, entry, message });
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
