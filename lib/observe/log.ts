import 'server-only';
import { createHash, createHmac } from 'node:crypto';
import { type DestinationStream, type Logger, pino } from 'pino';
import { deriveKey } from '../crypto/derive-key.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';

/** One JSON line per entry. Callers pick the fields; whole objects are never logged. */
export type Log = Pick<Logger, 'info' | 'warn' | 'error' | 'child'>;

/**
 * docs/observe.md, "I want to read the log", says what the log may contain.
 *
 * @param destination standard output by default.
 */
export function createLog(destination: DestinationStream = standardOutput()): Log {
  return pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      serializers: { error: describeError, err: describeError },
    },
    destination,
  );
}

/** Write errors, such as a full disk or a closed pipe, lose log lines but never fail a login. */
function standardOutput(): DestinationStream {
  return pino.destination({ fd: 1, sync: true }).on('error', () => {});
}

const MESSAGE_MAX_LENGTH = 300;
const STACK_MAX_LINES = 12;

/**
 * Serializes an error for the log: name, code, redacted message and stack frames. Other properties are
 * left out because they may contain a phone number or a key.
 */
function describeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) {
    return { message: typeof error === 'string' ? redact(error) : typeof error };
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // The stack begins with the unredacted message.
  const frames = (error.stack ?? '').slice(`${error.name}: ${error.message}`.length);
  return {
    name: redact(error.name),
    ...(code === undefined ? {} : { code: redact(code) }),
    message: redact(error.message),
    stack: frames
      .split('\n')
      .filter((line) => /^ +at /.test(line))
      .slice(0, STACK_MAX_LINES)
      .map((line) => line.trim()),
  };
}

/** Truncates a text of foreign origin and replaces what could be a number, a token or quoted input. */
export function redact(text: string): string {
  return text
    .slice(0, MESSAGE_MAX_LENGTH)
    .replace(/"[^"]*"?|`[^`]*`?/g, '"…"')
    .replace(/\+?\d[\d\s().-]{3,}\d|[\w+/=-]{24,}|[\w.~-]*%[0-9a-f]{2}[\w.~%-]*/gi, '…')
    .replace(/\p{Cc}+/gu, ' ');
}

/**
 * A hash that stands for a user or attempt id in the log: it correlates lines but cannot be used to look
 * the id up elsewhere. The ids are random, so they cannot be enumerated and the hash needs no key.
 */
export function referenceOf(id: string): string {
  return createHash('sha256').update(`log ${id}`).digest('base64url').slice(0, 12);
}

/**
 * Returns a function that turns a phone number into a tag for the log and the rate limits: a keyed hash
 * and the last two digits, enough to tell numbers apart and to recognize "the number ending in 78", not
 * enough to call. Phone numbers can be enumerated, so the hash is keyed with `secret`.
 */
export function createPhoneNumberTags(secret: string): (phoneNumber: PhoneNumber) => string {
  const key = deriveKey(secret, 'phone number tags');
  return (phoneNumber) => {
    const tag = createHmac('sha256', key).update(phoneNumber).digest('base64url').slice(0, 12);
    return `${tag}…${phoneNumber.slice(-2)}`;
  };
}
