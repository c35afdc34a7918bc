import 'server-only';
import type { Expression, ExpressionBuilder } from 'kysely';
import { nextCheckAtIf, updateAttempt } from './attempts.ts';
import { attemptColumns } from './columns.ts';
import { compileOnce } from './compile-once.ts';
import type { LoginAttempt, Queries, Tables } from './schema.ts';

/**
 * Checks and leases are never set further ahead. A later time stems from before the clock was set back and
 * counts as past.
 */
const MAX_AHEAD_MS = 60_000;

/** Whether `leaseCheck` may succeed, judged by the row just read. */
export function isCheckDue(attempt: LoginAttempt, now: number): boolean {
  const isPast = (at: number) => at <= now || at > now + MAX_AHEAD_MS;
  return isPast(attempt.next_check_at) && isPast(attempt.check_leased_until);
}

/** The SQL counterpart of `isPast`. */
function isPastIn(
  column: 'next_check_at' | 'check_leased_until',
  now: number | Expression<number>,
  maxAhead: number | Expression<number>,
) {
  return (where: ExpressionBuilder<Tables, 'attempts'>) =>
    where.or([where(column, '<=', now), where(column, '>', maxAhead)]);
}

/**
 * Leases the check of a pending attempt if it is due, or the check of a verified attempt's rivals, unless
 * another request or process has leased it.
 *
 * @returns whether the caller now holds the lease. It ends at `leasedUntil` or with `releaseCheck`.
 */
export async function leaseCheck(
  queries: Queries,
  id: string,
  state: 'pending' | 'verified',
  { now, leasedUntil }: { now: number; leasedUntil: number },
): Promise<boolean> {
  const values = { id, now, maxAhead: now + MAX_AHEAD_MS, leasedUntil };
  const { numAffectedRows } = await leaseIn[state](queries, values);
  return numAffectedRows === 1n;
}

const leaseIn = { pending: leaseFrom('pending'), verified: leaseFrom('verified') };

function leaseFrom(state: 'pending' | 'verified') {
  return compileOnce<{ id: string; now: number; maxAhead: number; leasedUntil: number }, unknown>(
    (queries, value) =>
      updateAttempt(queries, value('id'), [state])
        .set({ check_leased_until: value('leasedUntil') })
        .where(isPastIn('check_leased_until', value('now'), value('maxAhead')))
        .$if(state === 'pending', (update) =>
          update
            // A callback during this check sets an earlier time, which schedules another check.
            .set({ next_check_at: value('leasedUntil') })
            .where('pauth_session_id', 'is not', null)
            .where(isPastIn('next_check_at', value('now'), value('maxAhead'))),
        ),
  );
}

/**
 * Leases the check of a pending attempt for its first callback, which is recorded, unless another request or process has
 * leased it or checks back off after failures.
 *
 * @returns the attempt, as `leaseCheck` leaves it; null, changing nothing, in all other cases.
 */
export async function leaseCheckForCallback(
  queries: Queries,
  callbackTokenHash: string,
  lease: { now: number; leasedUntil: number; expiresAfter: number },
): Promise<LoginAttempt | null> {
  const { rows } = await leaseForCallback(queries, {
    ...lease,
    callbackTokenHash,
    maxAhead: lease.now + MAX_AHEAD_MS,
  });
  return rows[0] ?? null;
}

const leaseForCallback = compileOnce<
  {
    callbackTokenHash: string;
    now: number;
    maxAhead: number;
    leasedUntil: number;
    expiresAfter: number;
  },
  LoginAttempt
>((queries, value) =>
  queries
    .updateTable('attempts')
    .set({
      called_back_at: value('now'),
      check_leased_until: value('leasedUntil'),
      next_check_at: value('leasedUntil'),
    })
    .where('callback_token_hash', '=', value('callbackTokenHash'))
    .where('state', '=', 'pending')
    .where('called_back_at', 'is', null)
    .where('check_failures', '=', 0)
    .where('pauth_session_id', 'is not', null)
    .where('expires_at', '>', value('expiresAfter'))
    .where(isPastIn('check_leased_until', value('now'), value('maxAhead')))
    .returning(attemptColumns),
);

/**
 * Releases the lease and schedules the next check, unless a callback has scheduled one meanwhile.
 *
 * @returns the updated attempt; null, changing nothing, if the lease was taken over or released meanwhile.
 */
export async function releaseCheck(
  queries: Queries,
  id: string,
  release: { leasedUntil: number; nextCheckAt: number; failures: number },
): Promise<LoginAttempt | null> {
  const { rows } = await releasing(queries, { id, ...release });
  return rows[0] ?? null;
}

const releasing = compileOnce<
  { id: string; leasedUntil: number; nextCheckAt: number; failures: number },
  LoginAttempt
>((queries, value) =>
  queries
    .updateTable('attempts')
    .set((set) => ({
      check_leased_until: 0,
      check_failures: value('failures'),
      next_check_at: nextCheckAtIf(
        set,
        set('next_check_at', '=', value('leasedUntil')),
        value('nextCheckAt'),
      ),
    }))
    .where('id', '=', value('id'))
    .where('check_leased_until', '=', value('leasedUntil'))
    .returning(attemptColumns),
);

/**
 * Schedules the next check of a pending attempt for `checkAt`, unless it is due sooner, and stores the time
 * of that check in `called_back_at`.
 *
 * @param attempt as read when `checkAt` was chosen.
 * @returns the updated attempt; null, changing nothing, if it is no longer pending or another callback has
 * come since, whose check serves both.
 */
export async function scheduleCheckForCallback(
  queries: Queries,
  attempt: Pick<LoginAttempt, 'id' | 'called_back_at'>,
  { now, checkAt }: { now: number; checkAt: number },
): Promise<LoginAttempt | null> {
  const row = await updateAttempt(queries, attempt.id, ['pending'])
    .set((set) => ({
      next_check_at: nextCheckAtIf(set, set('next_check_at', '>', checkAt), set.val(checkAt)),
      called_back_at: set
        .case()
        .when('next_check_at', '>', checkAt)
        .then(set.val(checkAt))
        .when('next_check_at', '>', now)
        .then(set.ref('next_check_at'))
        .else(set.val(now))
        .end(),
    }))
    .where('called_back_at', 'is not distinct from', attempt.called_back_at)
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Schedules the next check of a pending attempt for `checkAt` at the latest, unless the checks are backing
 * off after failures.
 *
 * @returns the updated attempt; null if nothing had to change.
 */
export async function scheduleCheckForPerson(
  queries: Queries,
  id: string,
  checkAt: number,
): Promise<LoginAttempt | null> {
  const row = await updateAttempt(queries, id, ['pending'])
    .set({ next_check_at: checkAt })
    .where('check_failures', '=', 0)
    .where('next_check_at', '>', checkAt)
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}
