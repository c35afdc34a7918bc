import 'server-only';
import { hasPasskey } from '../store/passkeys.ts';
import type { Queries, Session } from '../store/schema.ts';
import type { LoggedIn, SessionDependencies } from './open.ts';

/** How long the other devices of a user have to object to a login by call. */
const LIMITED_MS = 24 * 60 * 60 * 1_000;

/**
 * Whether a call is all that a session stands on: no passkey was used in it, and the other devices may
 * still object. Only where the account has a passkey does that limit the session.
 */
export function isCallAlone(
  session: Pick<Session, 'method' | 'passkey_used_at' | 'created_at'>,
  now: number,
): boolean {
  return (
    session.method !== 'passkey' &&
    session.passkey_used_at === null &&
    now - session.created_at < LIMITED_MS
  );
}

/**
 * Until when a session is limited (docs/decisions/0021): it can neither add nor remove passkeys, nor end
 * other sessions. A caller ID can be forged, and one forged call must not keep an account for ever. The
 * objection of another device is to end the session.
 *
 * @returns milliseconds since 1970; null if the session is not limited.
 */
export async function readLimitedUntil(
  { store, clock, usesPasskeys }: SessionDependencies,
  { user, session }: LoggedIn,
  queries: Queries = store,
): Promise<number | null> {
  return usesPasskeys && isCallAlone(session, clock.now()) && (await hasPasskey(queries, user.id))
    ? session.created_at + LIMITED_MS
    : null;
}
