import 'server-only';
import type { Generated, Kysely, Selectable, Transaction } from 'kysely';
import type { AttemptEndCode, ErrorCode } from '../shared/error-codes.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';

/**
 * The tables, as the queries see them. Instants are milliseconds since 1970. Whatever a browser or
 * the vendor presents to prove something is kept only as a hash: see `lib/token.ts`.
 */
export interface Tables {
  users: UsersTable;
  attempts: AttemptsTable;
  sessions: SessionsTable;
  devices: DevicesTable;
  events: EventsTable;
}

export interface UsersTable {
  id: string;
  phone_number: PhoneNumber;
  created_at: number;
  last_login_at: number | null;
  /**
   * The last login or use of a session, exact to a minute, or when an operator last vouched for the
   * number: what tells a number that may have a new owner.
   */
  last_active_at: number;
  disabled_at: number | null;
  /** When the phone number began to count as somebody else's; from then on nobody logs in here. */
  set_aside_at: number | null;
}

/**
 * `pending` until the vendor has seen the call, `verified` until the browser has come for its
 * session, then `completed`; or one of the ends without a login.
 */
export type AttemptState =
  | 'pending'
  | 'verified'
  | 'completed'
  | 'expired'
  | 'failed'
  | 'cancelled'
  | 'contested';

export interface AttemptsTable {
  id: string;
  /** Presented by the browser's sealed cookie. */
  token_hash: string;
  /** Presented by the vendor in the callback's address. */
  callback_token_hash: string;
  /** Presented by the page on the phone that a QR code opened; null in rows of older versions. */
  handoff_hash: string | null;
  /** What started it, see `lib/session/device.ts`; null in rows of older versions. */
  device: string | null;
  /** Tells the attempts of one browser from those of another. */
  browser_hash: string;
  /** Left with the browser at the start: by presenting it, its next attempt is known as its own. */
  browser_token_hash: string;
  /** Which start of its browser it is, so that it can be told which of two came later. */
  start_number: number;
  phone_number: PhoneNumber;
  state: AttemptState;
  /** Why it failed; null in every other state. */
  failure: AttemptEndCode | null;
  /** Both null until the vendor has answered the start. */
  pauth_session_id: string | null;
  call_number: PhoneNumber | null;
  created_at: number;
  expires_at: number;
  ended_at: number | null;
  /** When the vendor is to be asked next. */
  next_check_at: number;
  /** Until when one request to the vendor is under way, so that no second one starts. */
  check_leased_until: number;
  /** Checks in a row that the vendor failed to answer. */
  check_failures: number;
  /** When the latest callback had the vendor asked; null before the first. */
  called_back_at: number | null;
  /** When the browser first came back with the attempt's cookie; null before. */
  confirmed_at: number | null;
}

export interface SessionsTable {
  id_hash: string;
  /** Names the session to its own user, for "log out there". Opens nothing. */
  public_id: string;
  user_id: string;
  /** What logged in, see `lib/session/device.ts`. */
  device: string;
  /** Where from, see `coarseNetwork`. */
  network: string;
  created_at: number;
  expires_at: number;
  /** Null until the browser has used it, which proves that the cookie arrived. */
  last_used_at: number | null;
  /** Logins from new devices are shown here that are later than this. */
  notices_seen_at: number;
}

/** The kinds of device that each user has logged in with, by the first login with each. */
export interface DevicesTable {
  user_id: string;
  device: string;
  network: string;
  /** The session that this login began; it may be over. */
  session_public_id: string;
  first_login_at: number;
  /** Where the next session with this kind of device begins to be shown other new ones. */
  notices_seen_at: number;
}

/** What a login came with and roughly where from, as it is stored and shown. */
export interface ClientInfo {
  device: string;
  network: string;
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
  | 'number_taken_over'
  | 'logged_out'
  | 'session_ended'
  | 'other_sessions_ended'
  | 'sessions_ended_by_operator';

export interface EventsTable {
  id: Generated<number>;
  at: number;
  type: EventType;
  attempt_id: string | null;
  user_id: string | null;
  /** An error code, where the event has a reason. */
  reason: ErrorCode | null;
  /** Of the login that the event is about; null where it is about none. */
  device: string | null;
  network: string | null;
}

export type User = Selectable<UsersTable>;
export type LoginAttempt = Selectable<AttemptsTable>;
export type Session = Selectable<SessionsTable>;
export type Device = Selectable<DevicesTable>;
export type StoredEvent = Selectable<EventsTable>;

/** A database, or a transaction on one: what every query takes first. */
export type Queries = Kysely<Tables> | Transaction<Tables>;

export type Store = Kysely<Tables>;
