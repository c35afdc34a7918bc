import 'server-only';
import type { Generated, Kysely, Selectable, Transaction } from 'kysely';
import type { AttemptState } from '../shared/attempt-states.ts';
import type { AttemptEndCode, ErrorCode } from '../shared/error-codes.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';

/**
 * The tables as the queries see them. Instants are milliseconds since 1970. Tokens that a browser or the
 * vendor presents are stored only as hashes: see `lib/crypto/token.ts`.
 */
export interface Tables {
  users: User;
  attempts: LoginAttempt;
  sessions: Session;
  devices: Device;
  events: EventsTable;
  limits: LimitWindow;
  passkeys: Passkey;
  outbox: OutboxMessage;
}

export interface User {
  id: string;
  phone_number: PhoneNumber;
  created_at: number;
  last_login_at: number | null;
  /**
   * The last login by call or use of such a session, accurate to a minute, or when an operator last vouched
   * for the number. After a long time the number may have a new owner.
   */
  last_active_at: number;
  disabled_at: number | null;
  /** When the phone number was taken to have a new owner. From then on only a passkey opens the account. */
  set_aside_at: number | null;
  /** What authenticators know the user by: 32 random bytes, base64url. Null before the first passkey. */
  webauthn_user_id: string | null;
  /** When the user first said "not now" to the offer of a passkey. */
  passkey_offer_declined_at: number | null;
}

export interface LoginAttempt {
  id: string;
  /** Of the token in the browser's sealed cookie. */
  token_hash: string;
  /** Of the token in the callback URL. */
  callback_token_hash: string;
  /** Of the token in the QR code that opens the page on the phone; null in rows of older versions. */
  handoff_hash: string | null;
  /** The kind of device that started it, see `lib/http/device.ts`; null in rows of older versions. */
  device: string | null;
  /** Identifies the browser: the same for all its attempts. */
  browser_hash: string;
  /** Of a token given to the browser at the start, with which its next attempt proves its identity. */
  browser_token_hash: string;
  /** Counts the starts of its browser, to order them. */
  start_number: number;
  phone_number: PhoneNumber;
  state: AttemptState;
  /** Why it failed; null in other states. */
  failure: AttemptEndCode | null;
  /** This and `call_number` are null until the vendor has created its session. */
  pauth_session_id: string | null;
  call_number: PhoneNumber | null;
  created_at: number;
  expires_at: number;
  ended_at: number | null;
  /** When we learnt of its call; null before, and in rows of older versions. */
  verified_at: number | null;
  /** When the next check is due. */
  next_check_at: number;
  /** Until when a check is leased, so that no second one runs; 0 once released. */
  check_leased_until: number;
  /** Consecutive failed checks. */
  check_failures: number;
  /** The time of the check that the latest callback scheduled; null before the first. */
  called_back_at: number | null;
  /** When the browser first presented the attempt's cookie; null before. */
  confirmed_at: number | null;
}

/** The client of a login. */
export interface ClientInfo {
  /** The kind of device, see `lib/http/device.ts`. */
  device: string;
  /** The coarse network, see `coarseNetwork`. */
  network: string;
}

export interface Session extends ClientInfo {
  id_hash: string;
  /** Identifies the session to its user, to end it from elsewhere. Grants no access. */
  public_id: string;
  user_id: string;
  created_at: number;
  expires_at: number;
  /** Null until the first use, which proves that the browser has received the cookie. */
  last_used_at: number | null;
  /** First logins of new devices after this time are shown as notices. */
  notices_seen_at: number;
  /** How the session began; null in rows of older versions, which knew only calls. */
  method: LoginMethod | null;
  /** When a passkey was last used or added in this session; null before. */
  passkey_used_at: number | null;
}

export type LoginMethod = 'call' | 'passkey';

/** A passkey of a user, with the client that added it. */
export interface Passkey extends ClientInfo {
  /** Identifies the passkey to its user, to rename or remove it. Grants no access. */
  id: string;
  user_id: string;
  /** Chosen by the authenticator, base64url. */
  credential_id: string;
  /** COSE, base64url. */
  public_key: string;
  /** How often the authenticator says it was used; 0 where it does not count. */
  counter: number;
  /** Whether it can be copied to other devices; never changes. */
  device_type: 'singleDevice' | 'multiDevice';
  /** 1 while a copy exists elsewhere, else 0. */
  is_backed_up: number;
  /** The host of the site that it is for. */
  rp_id: string;
  /** Chosen by the user; at first the device. */
  name: string;
  /** The session that added it; it may have ended. */
  session_public_id: string;
  created_at: number;
  /** The last login or confirmation with it; null before the first. */
  last_used_at: number | null;
}

/** The first login of each user with each kind of device. */
export interface Device extends ClientInfo {
  user_id: string;
  /** The session of that login; it may have ended. */
  session_public_id: string;
  first_login_at: number;
  /** The initial `notices_seen_at` of the next session with this kind of device. */
  notices_seen_at: number;
}

export type EventType =
  | 'attempt_started'
  | 'attempt_verified'
  | 'attempt_completed'
  | 'attempt_expired'
  | 'attempt_failed'
  | 'attempt_cancelled'
  | 'attempt_contested'
  | 'user_created'
  | 'user_added'
  | 'user_disabled'
  | 'user_enabled'
  | 'user_set_aside'
  | 'user_brought_back'
  | 'user_deleted'
  | 'number_taken_over'
  | 'logged_out'
  | 'session_ended'
  | 'other_sessions_ended'
  | 'sessions_ended_by_operator'
  | 'passkey_added'
  | 'passkey_used'
  | 'passkey_confirmed'
  | 'passkey_renamed'
  | 'passkey_removed'
  | 'passkeys_removed_by_operator'
  | 'passkey_refused';

interface EventsTable {
  id: Generated<number>;
  at: number;
  type: EventType;
  attempt_id: string | null;
  user_id: string | null;
  /** An error code; null if the event has no reason. */
  reason: ErrorCode | null;
  /** This and `network`: of the login that the event is about; null if it is about none. */
  device: string | null;
  network: string | null;
}

/** How often something was counted in a window of time: see `lib/store/limits.ts`. */
export interface LimitWindow {
  key: string;
  points: number;
  /** When the window ends. */
  expire: number;
}

/** An event that is still to be sent to the webhook. */
export interface OutboxMessage {
  /** The `webhook-id`: the same for each try. */
  id: string;
  /** JSON. */
  payload: string;
  created_at: number;
  /** When it is due to be sent, or until when a process has claimed it. */
  next_at: number;
  /** How often it was claimed. */
  tries: number;
}

export type StoredEvent = Selectable<EventsTable>;

/** A database or a transaction: the first parameter of every query. */
export type Queries = Kysely<Tables> | Transaction<Tables>;

export type Store = Kysely<Tables>;
