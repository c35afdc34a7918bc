import 'server-only';
import * as z from 'zod';
import { type CountryCode, parseAnySpelling, parseCallNumber } from '../phone/phone-number.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { PauthError } from './errors.ts';

/** A pAuth session as the vendor created it: its id and the number to call. */
export interface PauthSession {
  pauthSessionId: string;
  callNumber: PhoneNumber;
}

/** The status of a pAuth session. As the guide asks, an unknown status counts as pending. */
export type PauthSessionStatus =
  | { status: 'pending'; unknownStatus: string | null }
  | { status: 'expired' }
  /** The number of the caller; null where it cannot be read, as of a call that withheld it. */
  | { status: 'verified'; phoneNumber: PhoneNumber | null };

/** The id becomes a path segment, so characters that could lead to another path are rejected. */
const pauthSessionIdSchema = z.union([
  z.string().regex(/^[\w-][\w.~-]{0,199}$/),
  z.int().nonnegative().transform(String),
]);

const createReplySchema = z.object({
  id: pauthSessionIdSchema,
  call_number: z.string().max(64),
});

const checkReplySchema = z.object({
  status: z.string().max(64),
  phone_number: z.unknown().optional(),
});

/** Parses the response to "create session". A number without a country code is one of `country`. */
export function parseCreateReply(
  text: string,
  country: CountryCode,
): Result<PauthSession, PauthError> {
  const reply = parseJson(text, createReplySchema);
  if (!reply.ok) {
    return reply;
  }
  const callNumber = parseCallNumber(reply.value.call_number, country);
  return callNumber === null
    ? fail({ kind: 'unexpected', detail: 'call_number is not an ordinary phone number' })
    : succeed({ pauthSessionId: reply.value.id, callNumber });
}

/** Parses the response to "check status". */
export function parseCheckReply(
  text: string,
  country: CountryCode,
): Result<PauthSessionStatus, PauthError> {
  const reply = parseJson(text, checkReplySchema);
  if (!reply.ok) {
    return reply;
  }
  const { status, phone_number: spelling } = reply.value;
  switch (status) {
    case 'verified': {
      // Where a call was withheld, the vendor may leave the field out.
      const text = spelling ?? '';
      return typeof text === 'string'
        ? succeed({ status, phoneNumber: parseAnySpelling(text, country) })
        : fail({ kind: 'unexpected', detail: 'the phone_number of a verified call is not a text' });
    }
    case 'expired':
      return succeed({ status });
    default:
      return succeed({
        status: 'pending',
        unknownStatus: status === 'pending' ? null : status,
      });
  }
}

function parseJson<T>(text: string, schema: z.ZodType<T>): Result<T, PauthError> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fail({ kind: 'unexpected', detail: 'the response is not JSON' });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) {
    return succeed(parsed.data);
  }
  const fields = parsed.error.issues.map((issue) => issue.path.join('.') || '(root)');
  return fail({
    kind: 'unexpected',
    detail: `the response has invalid fields: ${fields.join(', ')}`,
  });
}
