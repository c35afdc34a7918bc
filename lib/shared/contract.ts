import * as z from 'zod/mini';
import { attemptEnds } from './attempt-states.ts';
import { errorCodes } from './error-codes.ts';
import { numberMemories } from './number-memory.ts';
import { isPhoneNumber, type PhoneNumber } from './phone-number.ts';

/**
 * The HTTP contract between the pages and `app/api/auth`, defined once for both sides. Field names
 * are in snake case, as in the vendor's guide.
 *
 * The browser imports only its types and checks replies with `components/replies.ts`: see
 * `docs/decisions/0008-no-zod-in-the-browser.md`.
 */

export const phoneNumberSchema = z.custom<PhoneNumber>(isPhoneNumber);

/** A text, described for the API's document. */
const text = (description: string) => z.string().check(z.describe(description));

/** `POST /api/auth/number`: formats a number as its country writes it; starts nothing. */
export const numberRequestSchema = z.strictObject({
  phone_number: z.string(),
  country: z.optional(
    z
      .string()
      .check(
        z.regex(/^[A-Z]{2}$/),
        z.describe("ISO 3166-1 alpha-2: whose notation the number is in; the site's by default."),
      ),
  ),
});

export type NumberRequest = z.infer<typeof numberRequestSchema>;

/**
 * `POST /api/auth/start`: a number as above, or the remembered one. `remember` stores the number in
 * this browser once the login is completed, so that the next login can be started with `remembered`
 * instead of a number.
 */
export const startRequestSchema = z.union([
  z.extend(numberRequestSchema, { remember: z.optional(z.boolean()) }),
  z.strictObject({ remembered: z.literal(true) }),
]);

export type StartRequest = z.infer<typeof startRequestSchema>;

/** The formatted number; empty if it is invalid or may not log in. */
export const numberReplySchema = z.object({ phone_number_text: z.string() });

export type NumberReply = z.infer<typeof numberReplySchema>;

/** The QR code of an address, quiet zone included. */
const qrDrawingSchema = z.object({
  size: z.number(),
  path: text('The dark modules of a QR code as an SVG path in a square of `size` units.'),
});

export type QrDrawing = z.infer<typeof qrDrawingSchema>;

/** A live attempt as its own browser may see it. */
export const attemptViewSchema = z.object({
  session_id: text("The attempt's public id, for logs and support. No route accepts it."),
  call_number: phoneNumberSchema,
  call_number_text: text(
    'The call number as its caller can dial it: `050-1234-5678`, from another country `+81 50 1234 5678`.',
  ),
  call_number_with_caller_id: z.optional(
    text(
      'What to dial instead to show a caller ID that is withheld; missing where there is no such way.',
    ),
  ),
  phone_number_text: text(
    'The phone number that must call, as its country writes it; masked if it was remembered.',
  ),
  number_memory: z.enum(numberMemories),
  handoff: z.object({
    address: text(
      'The page to open on the phone: it shows the number to call and cannot act on the attempt.',
    ),
    qr: qrDrawingSchema,
  }),
  expires_in_seconds: z.number(),
});

export type AttemptView = z.infer<typeof attemptViewSchema>;

/** Any error reply: a stable code, and a sentence for the visitor that names the next step. */
export const errorReplySchema = z.object({
  code: z.enum(errorCodes),
  error: text('A sentence for the visitor, in their language.'),
  request_id: z.optional(text("The request's id in the server's log, for support.")),
  country: z.optional(
    text(
      'For `phone_number_not_in_country`: the country that has no such number, ISO 3166-1 alpha-2.',
    ),
  ),
  retry_after_seconds: z.optional(z.number().check(z.describe('When to try again.'))),
});

export type ErrorReply = z.infer<typeof errorReplySchema>;

/**
 * `GET /api/auth/status`, with any HTTP status. Failures of the vendor or the store are an
 * `ErrorReply` instead. `verified` is the vendor's guide's word for a completed login.
 */
export const openStatusReplySchema = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('pending'),
    expires_in_seconds: z.number(),
    poll_after_ms: z
      .number()
      .check(z.describe('How long to wait before the next poll; 0 if the server holds polls.')),
  }),
  z.object({ status: z.literal('verified') }),
]);

export const endedStatusReplySchema = z.object({
  status: z.enum(attemptEnds),
  code: z.enum(errorCodes),
  message: z.string(),
  retry_after_seconds: z.optional(
    z.number().check(z.describe('After `contested`: when the other attempts count no longer.')),
  ),
});

export const statusReplySchema = z.union([openStatusReplySchema, endedStatusReplySchema]);

export type StatusReply = z.infer<typeof statusReplySchema>;

/**
 * `POST /api/auth/sessions/seen`: marks the notices of new devices up to this instant as read;
 * later ones, which the page did not show, stay unread.
 */
export const seenRequestSchema = z.strictObject({ until: z.iso.datetime() });

/**
 * `POST /api/auth/cancel`, `POST /api/auth/logout` and the writes to `/api/auth/sessions…`: done,
 * by this request or an earlier one.
 */
export const doneReplySchema = z.object({ status: z.literal('done') });

export type DoneReply = z.infer<typeof doneReplySchema>;

/** `POST /api/auth/passkeys/options`: what the browser needs to ask for any user's passkey. */
export const passkeyOptionsReplySchema = z.object({ challenge: z.string(), rp_id: z.string() });

export type PasskeyOptionsReply = z.infer<typeof passkeyOptionsReplySchema>;

const BASE64URL = z.string().check(z.regex(/^[\w-]+$/), z.maxLength(2_048));

/**
 * `POST /api/auth/passkeys/login` and `…/confirm`: what the authenticator answered, base64url. The
 * user handle is what the authenticator knows the user by.
 */
export const passkeyUseRequestSchema = z.strictObject({
  id: BASE64URL,
  authenticator_data: BASE64URL,
  client_data: BASE64URL,
  signature: BASE64URL,
  user_handle: BASE64URL,
});

export type PasskeyUseRequest = z.infer<typeof passkeyUseRequestSchema>;

/** `POST /api/auth/passkeys/new`: what the browser needs to make a passkey. */
export const newPasskeyReplySchema = z.object({
  challenge: z.string(),
  rp: z.object({ id: z.string(), name: z.string() }),
  /** The id that the authenticator knows the user by, and the masked number it shows. */
  user: z.object({ id: z.string(), name: z.string() }),
  /** COSE algorithms, the preferred first. */
  algorithms: z.array(z.number()),
  /** The ids of the passkeys that the user has, none of which is made twice on one device. */
  known: z.array(z.string()),
});

export type NewPasskeyReply = z.infer<typeof newPasskeyReplySchema>;

/** `POST /api/auth/passkeys/add`: what the authenticator made, base64url. */
export const passkeyAddRequestSchema = z.strictObject({
  id: BASE64URL,
  attestation: BASE64URL,
  client_data: BASE64URL,
});

export type PasskeyAddRequest = z.infer<typeof passkeyAddRequestSchema>;

/** `PUT /api/auth/passkeys/[id]/name`. */
export const passkeyNameRequestSchema = z.strictObject({
  // Operators see it in a terminal.
  name: z.string().check(z.trim(), z.minLength(1), z.maxLength(60), z.regex(/^\P{Cc}*$/u)),
});

/** `GET /api/auth/passkeys/offer`: whether to offer a passkey now, right after the login. */
export const passkeyOfferReplySchema = z.object({ offer: z.boolean() });

export type PasskeyOfferReply = z.infer<typeof passkeyOfferReplySchema>;

/** `GET /api/auth/session`: the logged-in user. */
export const sessionReplySchema = z.object({
  user: z.object({
    id: z.string(),
    phone_number: phoneNumberSchema,
    created_at: z.iso.datetime(),
  }),
  expires_at: z.iso.datetime(),
});

export type SessionReply = z.infer<typeof sessionReplySchema>;
