import 'server-only';
import type { User } from '../store/schema.ts';

/**
 * What becomes of the user a phone number had when the number logs in:
 * - `log_in`: it is still the same person's;
 * - `refuse`: the user is disabled, however long ago, and waiting it out changes nothing;
 * - `set_aside`: unused for so long that the number may be somebody else's by now. Carriers give
 *   numbers out again: see docs/decisions/0006-recycled-numbers.md.
 */
export type UserDecision = 'log_in' | 'refuse' | 'set_aside';

/** @param dormantMs how long a number may be unused; 0 means for ever. */
export function decideUser(
  user: Pick<User, 'disabled_at' | 'last_active_at'>,
  now: number,
  dormantMs: number,
): UserDecision {
  if (user.disabled_at !== null) {
    return 'refuse';
  }
  return dormantMs > 0 && now - user.last_active_at > dormantMs ? 'set_aside' : 'log_in';
}
