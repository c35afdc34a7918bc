import * as z from 'zod/mini';
import { attemptEnds } from './attempt-states.ts';
import { errorCodes } from './error-codes.ts';
import { numberMemories } from './number-memory.ts';
import { isPhoneNumber, type PhoneNumber } from './phone-number.ts';

/**
 * The HTTP contract between the pages and `app/api/auth`: what goes over the wire, once, for both
 * sides. Field names follow the vendor's guide, which spells them with underscores.
 *
 * Only its types go to the browser, which reads replies with `components/replies.ts`: see
 * `docs/decisions/0008-no-zod-in-the-browser.md`.
 */

export const phoneNumberSchema = z.custom<PhoneNumber>(isPhoneNumber);

const countrySchema = z.string().check(z.regex(/^[A-Z]{2}$/));

/**
 * `POST /api/auth/start`. `country` is ISO 3166-1 alpha-2; without it the site's default counts.
 * `remember` keeps the number in this browser once the login has succeeded, so that the next one
 * can be started with `remembered` alone.
 */
export const startRequestSchema = z.union([
  z.strictObject({
    phone_number: z.string(),
    country: z.optional(countrySchema),
    remember: z.optional(z.boolean()),
  }),
  z.strictObject({ remembered: z.literal(true) }),
]);

export type StartRequest = z.infer<typeof startRequestSchema>;

/** `POST /api/auth/number`: a number as its country writes it, without starting anything. */
export const numberRequestSchema = z.strictObject({
  phone_number: z.string(),
  country: z.optional(countrySchema),
});

export type NumberRequest = z.infer<typeof numberRequestSchema>;

/** Empty where there is no such number, or none that may log in. */
export const numberReplySchema = z.object({ phone_number_text: z.string() });

export type NumberReply = z.infer<typeof numberReplySchema>;

/** A QR code: its dark parts as an SVG path, in a square of `size` units with the quiet zone. */
const qrDrawingSchema = z.object({ size: z.number(), path: z.string() });

export type QrDrawing = z.infer<typeof qrDrawingSchema>;

/** A live attempt as its own browser may see it: what to call, from where, and for how long. */
export const attemptViewSchema = z.object({
  /** Our own handle for logs and support. No route accepts it back. */
  session_id: z.string(),
  call_number: phoneNumberSchema,
  /** The call number as its country writes it: `050-1234-5678`. */
  call_number_text: z.string(),
  /** The number that must place the call, as its country writes it; masked if it was remembered. */
  phone_number_text: z.string(),
  number_memory: z.enum(numberMemories),
  /** A page for the phone, which can show the number to call and nothing else. */
  handoff: z.object({ address: z.string(), qr: qrDrawingSchema }),
  expires_in_seconds: z.number(),
});

export type AttemptView = z.infer<typeof attemptViewSchema>;

/** Any refusal: a stable code, and a sentence in the visitor's language that names the next step. */
export const errorReplySchema = z.object({
  code: z.enum(errorCodes),
  error: z.string(),
  /** Names the request in the server's log, for whoever asks about it. */
  request_id: z.optional(z.string()),
  /** When trying again makes sense, where that is known. */
  retry_after_seconds: z.optional(z.number()),
});

export type ErrorReply = z.infer<typeof errorReplySchema>;

/** `GET /api/auth/status`, whatever its HTTP status, except when the vendor is in trouble. */
export const statusReplySchema = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('pending'),
    expires_in_seconds: z.number(),
    /** How long to wait before the next poll; 0 where the server holds the poll itself. */
    poll_after_ms: z.number(),
  }),
  z.object({ status: z.literal('verified') }),
  z.object({ status: z.enum(attemptEnds), code: z.enum(errorCodes), message: z.string() }),
]);

export type StatusReply = z.infer<typeof statusReplySchema>;

/**
 * `POST /api/auth/sessions/seen`: every notice of a new device up to this instant has been read, and
 * none that came since the page was made.
 */
export const seenRequestSchema = z.strictObject({ until: z.iso.datetime() });

/** `POST /api/auth/cancel`, `POST /api/auth/logout`, `/api/auth/sessions…`: done, now or before. */
export const doneReplySchema = z.object({ status: z.literal('done') });

export type DoneReply = z.infer<typeof doneReplySchema>;

/** `GET /api/auth/session`: who am I. */
export const sessionReplySchema = z.object({
  user: z.object({
    id: z.string(),
    phone_number: phoneNumberSchema,
    created_at: z.iso.datetime(),
  }),
  expires_at: z.iso.datetime(),
});

export type SessionReply = z.infer<typeof sessionReplySchema>;
