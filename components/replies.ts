import { attemptEnds } from '#lib/shared/attempt-states.ts';
import type {
  AttemptView,
  DoneReply,
  ErrorReply,
  NumberReply,
  StatusReply,
} from '#lib/shared/contract.ts';
import { numberMemories } from '#lib/shared/number-memory.ts';
import { isPhoneNumber } from '#lib/shared/phone-number.ts';

/**
 * Type guards for the replies of `lib/shared/contract.ts`, written by hand because zod would
 * outweigh all other scripts of the login (`docs/decisions/0008-no-zod-in-the-browser.md`). The
 * compiler refuses a guard that does not check every field of the contract's type, and a property
 * test keeps the guards equivalent to its schemas.
 */
export type Guard<T> = (value: unknown) => value is T;

/** A reply whose code may be one of a newer version, which `problemText` tells by a general text. */
type OfAnyVersion<T> = T extends { code: string } ? Omit<T, 'code'> & { code: string } : T;

export type Refusal = OfAnyVersion<ErrorReply>;
export type AttemptReply = OfAnyVersion<StatusReply>;

/** `POST /api/auth/start`: a live attempt. */
export const isAttemptView = isObjectOf<AttemptView>({
  session_id: isString,
  call_number: isPhoneNumber,
  call_number_text: isString,
  call_number_with_caller_id: isOptional(isString),
  phone_number_text: isString,
  number_memory: isOneOf(numberMemories),
  handoff: isObjectOf({ address: isString, qr: isObjectOf({ size: isNumber, path: isString }) }),
  expires_in_seconds: isNumber,
});

/** `POST /api/auth/number`: a formatted phone number. */
export const isNumberReply = isObjectOf<NumberReply>({ phone_number_text: isString });

/** `GET /api/auth/status`: pending, verified, or an end without a login. */
export const isStatusReply = isAnyOf<AttemptReply>(
  isObjectOf({
    status: isOneOf(['pending']),
    expires_in_seconds: isNumber,
    poll_after_ms: isNumber,
  }),
  isObjectOf({ status: isOneOf(['verified']) }),
  isObjectOf({
    status: isOneOf(attemptEnds),
    code: isString,
    message: isString,
    retry_after_seconds: isOptional(isNumber),
  }),
);

/** Any error reply. */
export const isErrorReply = isObjectOf<Refusal>({
  code: isString,
  error: isString,
  request_id: isOptional(isString),
  country: isOptional(isString),
  retry_after_seconds: isOptional(isNumber),
});

/** The reply to a command: done. */
export const isDoneReply = isObjectOf<DoneReply>({ status: isOneOf(['done']) });

export function isObjectOf<T extends object>(
  fields: {
    [Name in keyof Required<T>]: Guard<T[Name]>;
  },
): Guard<T> {
  return (value): value is T =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries<Guard<unknown>>(fields).every(([name, isValid]) =>
      isValid(Reflect.get(value, name)),
    );
}

function isAnyOf<T>(...guards: Guard<T>[]): Guard<T> {
  return (value): value is T => guards.some((isValid) => isValid(value));
}

function isOptional<T>(isValid: Guard<T>): Guard<T | undefined> {
  return (value): value is T | undefined => value === undefined || isValid(value);
}

function isOneOf<const T>(choices: readonly T[]): Guard<T> {
  return (value): value is T => choices.some((choice) => choice === value);
}

export function isString(value: unknown): value is string {
  return typeof value === 'string';
}

export function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

export function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

export function isArrayOf<T>(isValid: Guard<T>): Guard<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(isValid);
}
