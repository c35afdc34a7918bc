import 'server-only';
import type { Session } from '../store/schema.ts';

/** How exact "last used" is; a write for every request would cost more than it tells. */
const TOUCH_INTERVAL_MS = 60_000;

/**
 * Whether a session still opens anything at `now`: before the end it was given at the login, and
 * used within the last `idleMs`. The one rule for this; nothing that is kept in the browser counts.
 */
export function isAlive(
  session: Pick<Session, 'created_at' | 'expires_at' | 'last_used_at'>,
  now: number,
  idleMs: number,
): boolean {
  return now < session.expires_at && now - (session.last_used_at ?? session.created_at) < idleMs;
}

/** Whether a use at `now` is to be noted: at the first one, then often enough for the idle time. */
export function isTouchDue(
  session: Pick<Session, 'last_used_at'>,
  now: number,
  idleMs: number,
): boolean {
  const intervalMs = Math.min(TOUCH_INTERVAL_MS, idleMs / 10);
  return session.last_used_at === null || now - session.last_used_at >= intervalMs;
}
