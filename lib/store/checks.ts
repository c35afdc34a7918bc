import 'server-only';
import type { ExpressionBuilder } from 'kysely';
import { stateOfOne } from './attempts.ts';
import type { LoginAttempt, Queries, Tables } from './schema.ts';

/** Nothing is put off for longer: what seems to be is from before the clock was set back. */
const LONGEST_PAUSE_MS = 60_000;

/** Whether `leaseCheck` is worth trying, by a row that was just read. */
export function isCheckDue(attempt: LoginAttempt, now: number): boolean {
  const isPast = (at: number) => at <= now || at > now + LONGEST_PAUSE_MS;
  return isPast(attempt.next_check_at) && isPast(attempt.check_leased_until);
}

/** The same for a statement. */
function isPastIn(column: 'next_check_at' | 'check_leased_until', now: number) {
  return (where: ExpressionBuilder<Tables, 'attempts'>) =>
    where.or([where(column, '<=', now), where(column, '>', now + LONGEST_PAUSE_MS)]);
}

/**
 * Takes the right to ask the vendor about a pending attempt, if it is due and nobody else has it.
 *
 * @returns whether the caller has it now. It ends at `leasedUntil` or with `releaseCheck`.
 */
export async function leaseCheck(
  queries: Queries,
  id: string,
  lease: { now: number; leasedUntil: number },
): Promise<boolean> {
  const { numUpdatedRows } = await queries
    .updateTable('attempts')
    // A callback during this check will set an earlier time, and so have the vendor asked again.
    .set({ check_leased_until: lease.leasedUntil, next_check_at: lease.leasedUntil })
    .where('id', '=', id)
    .where(stateOfOne, '=', 'pending')
    .where('pauth_session_id', 'is not', null)
    .where(isPastIn('next_check_at', lease.now))
    .where(isPastIn('check_leased_until', lease.now))
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/**
 * Takes the right to ask the vendor about the rivals of a verified attempt, if nobody else has it.
 *
 * @returns whether the caller has it now. It ends at `leasedUntil` or with `releaseRivalCheck`.
 */
export async function leaseRivalCheck(
  queries: Queries,
  id: string,
  lease: { now: number; leasedUntil: number },
): Promise<boolean> {
  const { numUpdatedRows } = await queries
    .updateTable('attempts')
    .set({ check_leased_until: lease.leasedUntil })
    .where('id', '=', id)
    .where(stateOfOne, '=', 'verified')
    .where(isPastIn('check_leased_until', lease.now))
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Gives the right back before its time. */
export async function releaseRivalCheck(
  queries: Queries,
  id: string,
  { leasedUntil }: { leasedUntil: number },
): Promise<void> {
  await queries
    .updateTable('attempts')
    .set({ check_leased_until: 0 })
    .where('id', '=', id)
    .where('check_leased_until', '=', leasedUntil)
    .execute();
}

/**
 * Gives the right back and says when the next check is due, unless a callback wants it sooner.
 *
 * @returns the attempt as it is now; null, changing nothing, where the right had ended.
 */
export async function releaseCheck(
  queries: Queries,
  id: string,
  release: { leasedUntil: number; nextCheckAt: number; failures: number },
): Promise<LoginAttempt | null> {
  const row = await queries
    .updateTable('attempts')
    .set({ check_leased_until: 0, check_failures: release.failures })
    .set((set) => ({
      next_check_at: set
        .case()
        .when('next_check_at', '=', release.leasedUntil)
        .then(set.val(release.nextCheckAt))
        .else(set.ref('next_check_at'))
        .end(),
    }))
    .where('id', '=', id)
    .where('check_leased_until', '=', release.leasedUntil)
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Makes the next check of a pending attempt due at `checkAt`, unless it is due sooner anyway, and
 * notes for when the callback has it coming.
 *
 * @param attempt as it was when `checkAt` was chosen.
 * @returns it as it is now; null, changing nothing, when it is not pending any more, or another
 * callback has come since, whose check does for both.
 */
export async function scheduleCheckForCallback(
  queries: Queries,
  attempt: Pick<LoginAttempt, 'id' | 'called_back_at'>,
  { now, checkAt }: { now: number; checkAt: number },
): Promise<LoginAttempt | null> {
  const row = await queries
    .updateTable('attempts')
    .set((set) => ({
      next_check_at: set
        .case()
        .when('next_check_at', '>', checkAt)
        .then(set.val(checkAt))
        .else(set.ref('next_check_at'))
        .end(),
      called_back_at: set
        .case()
        .when('next_check_at', '>', checkAt)
        .then(set.val(checkAt))
        .when('next_check_at', '>', now)
        .then(set.ref('next_check_at'))
        .else(set.val(now))
        .end(),
    }))
    .where('id', '=', attempt.id)
    .where(stateOfOne, '=', 'pending')
    .where('called_back_at', 'is not distinct from', attempt.called_back_at)
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Makes the next check of a pending attempt due at `checkAt` at the latest, but in no back-off.
 *
 * @returns it as it is now; null, changing nothing, where that is so already.
 */
export async function scheduleCheckForPerson(
  queries: Queries,
  id: string,
  checkAt: number,
): Promise<LoginAttempt | null> {
  const row = await queries
    .updateTable('attempts')
    .set({ next_check_at: checkAt })
    .where('id', '=', id)
    .where(stateOfOne, '=', 'pending')
    .where('check_failures', '=', 0)
    .where('next_check_at', '>', checkAt)
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}
