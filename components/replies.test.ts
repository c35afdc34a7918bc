import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { attemptEnds } from '#lib/shared/attempt-states.ts';
import {
  attemptViewSchema,
  doneReplySchema,
  endedStatusReplySchema,
  errorReplySchema,
  numberReplySchema,
  openStatusReplySchema,
} from '#lib/shared/contract.ts';
import { errorCodes } from '#lib/shared/error-codes.ts';
import {
  isAttemptView,
  isDoneReply,
  isErrorReply,
  isNumberReply,
  isStatusReply,
} from './replies.ts';

/** A page may be older than the server, and not know its codes. */
const ofAnyVersion = {
  error: z.extend(errorReplySchema, { code: z.string() }),
  status: z.union([openStatusReplySchema, z.extend(endedStatusReplySchema, { code: z.string() })]),
};

/** Values for a field: valid in some reply, or in none. */
const field = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('pending', 'verified', 'done', ...attemptEnds) },
  { weight: 4, arbitrary: fc.constantFrom(...errorCodes) },
  { weight: 4, arbitrary: fc.constantFrom('+815098760001', '+8150', '+0', '050-9876-0001', '') },
  { weight: 4, arbitrary: fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity)) },
  { weight: 1, arbitrary: fc.anything() },
);

const guards = [
  {
    reply: 'a live attempt',
    schema: attemptViewSchema,
    isReply: isAttemptView,
    valid: {
      session_id: 'a',
      call_number: '+815098760001',
      call_number_text: '050-9876-0001',
      phone_number_text: '090-1234-5678',
      number_memory: 'none',
      expires_in_seconds: 299.5,
      handoff: { address: 'https://login.example/call/x', qr: { size: 41, path: 'M0 0h1v1h-1z' } },
    },
  },
  {
    reply: 'a formatted number',
    schema: numberReplySchema,
    isReply: isNumberReply,
    valid: { phone_number_text: '090-1234-5678' },
  },
  {
    reply: 'a pending status',
    schema: ofAnyVersion.status,
    isReply: isStatusReply,
    valid: { status: 'pending', expires_in_seconds: 120, poll_after_ms: 0 },
  },
  {
    reply: 'a completed login',
    schema: ofAnyVersion.status,
    isReply: isStatusReply,
    valid: { status: 'verified' },
  },
  {
    reply: 'an end without a login',
    schema: ofAnyVersion.status,
    isReply: isStatusReply,
    valid: { status: 'expired', code: 'attempt_expired', message: 'Try again.' },
  },
  {
    reply: 'a refusal with a retry time',
    schema: ofAnyVersion.error,
    isReply: isErrorReply,
    valid: { code: 'rate_limited', error: 'Wait.', request_id: 'a', retry_after_seconds: 3 },
  },
  {
    reply: 'a refusal without a retry time',
    schema: ofAnyVersion.error,
    isReply: isErrorReply,
    valid: { code: 'request_invalid', error: 'No.' },
  },
  { reply: 'done', schema: doneReplySchema, isReply: isDoneReply, valid: { status: 'done' } },
];

describe.each(guards)('$reply', ({ schema, isReply, valid }) => {
  it('is accepted, with fields that are not in the contract as well', () => {
    expect(isReply(valid)).toBe(true);
    expect(isReply({ ...valid, more: true })).toBe(true);
  });

  it('is accepted exactly when the schema accepts it', () => {
    const names = Object.keys(valid);
    const corrupted = fc
      .tuple(fc.dictionary(fc.constantFrom(...names), field), fc.subarray(names, { maxLength: 1 }))
      .map(([changes, missing]) =>
        Object.fromEntries(
          Object.entries({ ...valid, ...changes }).filter(([name]) => !missing.includes(name)),
        ),
      );
    fc.assert(
      fc.property(fc.oneof(corrupted, fc.anything()), (body) => {
        expect(isReply(body)).toBe(schema.safeParse(body).success);
      }),
      { numRuns: 1_000 },
    );
  });
});
