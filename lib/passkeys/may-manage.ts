import 'server-only';
import { isCallAlone } from '../sessions/limited.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { Session } from '../store/schema.ts';

/** How long a call, or a use of a passkey, allows to change the passkeys of an account. */
const MANAGE_MS = 5 * 60 * 1_000;

/** Why passkeys may not be changed. */
export const changeCodes = [
  'passkey_needs_call',
  'passkey_needs_confirmation',
  'session_limited',
] as const;

export type ManageProblem = { code: (typeof changeCodes)[number] };

/**
 * Whether a session may add a passkey: the first one only within five minutes of its call, so that a copied
 * cookie does not get one later; a further one by the rule of `mayManage`.
 */
export function mayAdd(
  session: Pick<Session, 'method' | 'passkey_used_at' | 'created_at'>,
  hasPasskey: boolean,
  now: number,
): Result<null, ManageProblem> {
  if (hasPasskey) {
    return mayManage(session, now);
  }
  const isAfterCall = session.method !== 'passkey' && now - session.created_at < MANAGE_MS;
  return isAfterCall ? succeed(null) : fail({ code: 'passkey_needs_call' });
}

/**
 * Whether a session may change the passkeys of an account that has some. Where a passkey was used, only
 * shortly after; where none was, once nobody has objected to the call for 24 hours.
 */
export function mayManage(
  session: Pick<Session, 'method' | 'passkey_used_at' | 'created_at'>,
  now: number,
): Result<null, ManageProblem> {
  if (isCallAlone(session, now)) {
    return fail({ code: 'session_limited' });
  }
  return session.passkey_used_at === null || now - session.passkey_used_at < MANAGE_MS
    ? succeed(null)
    : fail({ code: 'passkey_needs_confirmation' });
}
