import 'server-only';
import type { Session } from '../store/schema.ts';

/** The accuracy of `last_used_at`. Limits the writes to one per session and minute. */
const TOUCH_INTERVAL_MS = 60_000;

/**
 * Whether a session is valid at `now`: it has not expired and was used within the last `idleMs`. Decided by
 * the stored row alone; nothing in the browser counts.
 */
export function isAlive(
  session: Pick<Session, 'created_at' | 'expires_at' | 'last_used_at'>,
  now: number,
  idleMs: number,
): boolean {
  return now < session.expires_at && now - (session.last_used_at ?? session.created_at) < idleMs;
}

/** Whether a use at `now` must be recorded: the first one, then often enough for the idle time. */
export function isTouchDue(
  session: Pick<Session, 'last_used_at'>,
  now: number,
  idleMs: number,
): boolean {
  const intervalMs = Math.min(TOUCH_INTERVAL_MS, idleMs / 10);
  return session.last_used_at === null || now - session.last_used_at >= intervalMs;
}
