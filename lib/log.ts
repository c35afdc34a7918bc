import 'server-only';
import { createHmac } from 'node:crypto';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { PhoneNumber } from './shared/phone-number.ts';

/** One JSON line per entry. Fields are named at each call; nothing is logged whole. */
export type Log = Pick<Logger, 'info' | 'warn' | 'error'>;

/** @param destination where the lines go; standard output unless given. */
export function createLog(destination?: DestinationStream): Log {
  const options = {
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // What an error carries beyond these could hold a phone number or a key.
    serializers: { error: describeError, err: describeError },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

function describeError(error: unknown) {
  return error instanceof Error
    ? { name: error.name, message: error.message, stack: error.stack }
    : { message: String(error) };
}

/**
 * How a phone number appears in the log: enough to tell two apart and to answer "it was the number
 * ending in 78", not enough to call. The key keeps anyone from trying all numbers.
 */
export function tagPhoneNumber(phoneNumber: PhoneNumber, key: string): string {
  const tag = createHmac('sha256', key).update(phoneNumber).digest('base64url').slice(0, 12);
  return `${tag}…${phoneNumber.slice(-2)}`;
}
