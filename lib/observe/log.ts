import 'server-only';
import { createHash, createHmac } from 'node:crypto';
import { type DestinationStream, type Logger, pino } from 'pino';
import { deriveKey } from '../crypto/derive-key.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';

/** One JSON line per entry. Fields are named at each call; nothing is logged whole. */
export type Log = Pick<Logger, 'info' | 'warn' | 'error' | 'child'>;

/**
 * What may be in it is decided in docs/operating.md, "Reading the log".
 *
 * @param destination where the lines go; standard output unless given.
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

/** A full disk or a reader that went away costs lines, never a login. */
function standardOutput(): DestinationStream {
  return pino.destination({ fd: 1, sync: true }).on('error', () => {});
}

const MESSAGE_MAX_LENGTH = 300;
const STACK_MAX_LINES = 12;

/**
 * What the log says of an error: what it is and where it came from. What it carries besides could
 * hold a phone number or a key, and so could its message, which is told without its details.
 */
export function describeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) {
    return { message: typeof error === 'string' ? withoutDetails(error) : typeof error };
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // The stack begins with the message, which has been told.
  const frames = (error.stack ?? '').slice(`${error.name}: ${error.message}`.length);
  return {
    name: withoutDetails(error.name),
    ...(code === undefined ? {} : { code: withoutDetails(code) }),
    message: withoutDetails(error.message),
    stack: frames
      .split('\n')
      .filter((line) => /^ +at /.test(line))
      .slice(0, STACK_MAX_LINES)
      .map((line) => line.trim()),
  };
}

/** A text of somebody else's without whatever in it could be a number, a token or a quotation. */
export function withoutDetails(text: string): string {
  return text
    .slice(0, MESSAGE_MAX_LENGTH)
    .replace(/"[^"]*"?|`[^`]*`?/g, '"…"')
    .replace(/\+?\d[\d\s().-]{3,}\d|[\w+/=-]{24,}|[\w.~-]*%[0-9a-f]{2}[\w.~%-]*/gi, '…')
    .replace(/\p{Cc}+/gu, ' ');
}

/**
 * How a user or an attempt appears in the log: enough to find all lines of one, nothing to look it
 * up by elsewhere. The ids are random, so that nobody can try them all, and no key is needed.
 */
export function referenceOf(id: string): string {
  return createHash('sha256').update(`log ${id}`).digest('base64url').slice(0, 12);
}

/**
 * How a phone number appears in the log and in the limits' counts: enough to tell two apart and to
 * answer "it was the number ending in 78", not enough to call. There are few enough phone numbers
 * to try them all; the key keeps everybody else from that.
 */
export function createPhoneNumberTags(secret: string): (phoneNumber: PhoneNumber) => string {
  const key = deriveKey(secret, 'phone number tags');
  return (phoneNumber) => {
    const tag = createHmac('sha256', key).update(phoneNumber).digest('base64url').slice(0, 12);
    return `${tag}…${phoneNumber.slice(-2)}`;
  };
}
