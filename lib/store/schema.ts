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
  events: EventsTable;
}

export interface UsersTable {
  id: string;
  phone_number: PhoneNumber;
  created_at: number;
  last_login_at: number | null;
  disabled_at: number | null;
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
  /** Tells the attempts of one browser from those of another. */
  browser_hash: string;
  phone_number: PhoneNumber;
  state: AttemptState;
  /** Why it failed; null unless `failed`. */
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
}

export interface SessionsTable {
  id_hash: string;
  user_id: string;
  created_at: number;
  expires_at: number;
  /** Null until the browser has used it, which proves that the cookie arrived. */
  last_used_at: number | null;
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
  | 'logged_out';

export interface EventsTable {
  id: Generated<number>;
  at: number;
  type: EventType;
  attempt_id: string | null;
  user_id: string | null;
  /** An error code, where the event has a reason. */
  reason: ErrorCode | null;
}

export type User = Selectable<UsersTable>;
export type LoginAttempt = Selectable<AttemptsTable>;
export type Session = Selectable<SessionsTable>;

/** A database, or a transaction on one: what every query takes first. */
export type Queries = Kysely<Tables> | Transaction<Tables>;

export type Store = Kysely<Tables>;
