import 'server-only';
import type { LoginAttempt, Session, User } from './schema.ts';

/**
 * The columns that queries on the way of a login name instead of `*`: a statement with a `*` has another result once a
 * migration adds a column, and PostgreSQL refuses that to prepared ones.
 */
export const attemptColumns = [
  'id',
  'token_hash',
  'callback_token_hash',
  'handoff_hash',
  'device',
  'browser_hash',
  'browser_token_hash',
  'start_number',
  'phone_number',
  'state',
  'failure',
  'pauth_session_id',
  'call_number',
  'created_at',
  'expires_at',
  'ended_at',
  'verified_at',
  'next_check_at',
  'check_leased_until',
  'check_failures',
  'called_back_at',
  'confirmed_at',
] as const satisfies readonly (keyof LoginAttempt)[];

export const userColumns = [
  'id',
  'phone_number',
  'created_at',
  'last_login_at',
  'last_active_at',
  'disabled_at',
  'set_aside_at',
  'webauthn_user_id',
  'passkey_offer_declined_at',
] as const satisfies readonly (keyof User)[];

export const sessionColumns = [
  'id_hash',
  'public_id',
  'user_id',
  'device',
  'network',
  'created_at',
  'expires_at',
  'last_used_at',
  'notices_seen_at',
  'method',
  'passkey_used_at',
] as const satisfies readonly (keyof Session)[];
