import { attemptEnds } from '#lib/shared/attempt-states.ts';
import type {
  AttemptView,
  DoneReply,
  ErrorReply,
  NumberReply,
  StatusReply,
} from '#lib/shared/contract.ts';
import { errorCodes } from '#lib/shared/error-codes.ts';
import { numberMemories } from '#lib/shared/number-memory.ts';
import { isPhoneNumber } from '#lib/shared/phone-number.ts';

/**
 * Parsers for the replies of `lib/shared/contract.ts`, written by hand because zod would outweigh
 * all other scripts of the login (`docs/decisions/0008-no-zod-in-the-browser.md`). The contract's
 * types and a property test keep them equivalent to its schemas.
 *
 * Each takes the parsed JSON of a response and returns null when it is not such a reply.
 */

/** `POST /api/auth/start`: a live attempt. */
export function readAttemptView(body: unknown): AttemptView | null {
  const { session_id, call_number, call_number_text, phone_number_text, ...rest } = fieldsOf(body);
  const { number_memory, expires_in_seconds } = rest;
  const handoff = readHandoff(rest.handoff);
  return isString(session_id) &&
    isPhoneNumber(call_number) &&
    isString(call_number_text) &&
    isString(phone_number_text) &&
    isOneOf(numberMemories, number_memory) &&
    isNumber(expires_in_seconds) &&
    handoff !== null
    ? {
        session_id,
        call_number,
        call_number_text,
        phone_number_text,
        number_memory,
        expires_in_seconds,
        handoff,
      }
    : null;
}

function readHandoff(value: unknown): AttemptView['handoff'] | null {
  const { address, qr } = fieldsOf(value);
  const { size, path } = fieldsOf(qr);
  return isString(address) && isNumber(size) && isString(path)
    ? { address, qr: { size, path } }
    : null;
}

/** `POST /api/auth/number`: a formatted phone number. */
export function readNumberReply(body: unknown): NumberReply | null {
  const { phone_number_text } = fieldsOf(body);
  return isString(phone_number_text) ? { phone_number_text } : null;
}

/** `GET /api/auth/status`: pending, verified, or an end without a login. */
export function readStatusReply(body: unknown): StatusReply | null {
  const { status, code, message, expires_in_seconds, poll_after_ms } = fieldsOf(body);
  if (status === 'verified') {
    return { status };
  }
  if (status === 'pending') {
    return isNumber(expires_in_seconds) && isNumber(poll_after_ms)
      ? { status, expires_in_seconds, poll_after_ms }
      : null;
  }
  return isOneOf(attemptEnds, status) && isOneOf(errorCodes, code) && isString(message)
    ? { status, code, message }
    : null;
}

/** Any error reply. */
export function readErrorReply(body: unknown): ErrorReply | null {
  const { code, error, retry_after_seconds } = fieldsOf(body);
  if (!isOneOf(errorCodes, code) || !isString(error)) {
    return null;
  }
  if (retry_after_seconds === undefined) {
    return { code, error };
  }
  return isNumber(retry_after_seconds) ? { code, error, retry_after_seconds } : null;
}

/** The reply to a command: done. */
export function readDoneReply(body: unknown): DoneReply | null {
  const { status } = fieldsOf(body);
  return status === 'done' ? { status } : null;
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? { ...body } : {};
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isOneOf<T>(choices: readonly T[], value: unknown): value is T {
  return choices.some((choice) => choice === value);
}
