import 'server-only';
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import {
  type AttemptState,
  type EndTransition,
  statesBefore,
  type Transition,
} from '../shared/attempt-states.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { isDuplicate } from './failure.ts';
import type { LoginAttempt, Queries, Tables } from './schema.ts';

/**
 * The state as an expression to compare: with the plain column PostgreSQL would use the index of live attempts
 * and scan all of them if its statistics date from a time without any. On a large table statistics are only
 * renewed about every 100,000 attempts.
 */
export const stateToCompare = sql<AttemptState>`state || ''`;

/** Begins an update of an attempt that has no effect unless it is in one of `states`. */
export function updateAttempt(queries: Queries, id: string, states: readonly AttemptState[]) {
  return queries.updateTable('attempts').where('id', '=', id).where(stateToCompare, 'in', states);
}

/** An SQL expression: `checkAt` in rows that meet the condition, the current `next_check_at` in others. */
export function nextCheckAtIf(
  set: ExpressionBuilder<Tables, 'attempts'>,
  condition: Expression<SqlBool>,
  checkAt: number,
) {
  return set.case().when(condition).then(set.val(checkAt)).else(set.ref('next_check_at')).end();
}

export type NewAttempt = Pick<
  LoginAttempt,
  | 'id'
  | 'token_hash'
  | 'callback_token_hash'
  | 'browser_hash'
  | 'browser_token_hash'
  | 'phone_number'
  | 'created_at'
  | 'expires_at'
> &
  Partial<Pick<LoginAttempt, 'handoff_hash' | 'device'>>;

/**
 * Adds a pending attempt, before the vendor is asked for a session.
 *
 * @returns the stored attempt; null, changing nothing, if the browser already has a live attempt.
 */
export async function insertAttempt(
  queries: Queries,
  attempt: NewAttempt,
): Promise<LoginAttempt | null> {
  const row = await queries
    .insertInto('attempts')
    .values({
      ...attempt,
      start_number: (expression) =>
        expression
          .selectFrom('attempts')
          .where('browser_hash', '=', attempt.browser_hash)
          .select(sql<number>`coalesce(max(start_number), 0) + 1`.as('next')),
      state: 'pending',
      next_check_at: attempt.created_at,
      check_leased_until: 0,
      check_failures: 0,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}

/** Finds an attempt by its id or by the hash of the browser's, the callback URL's or the QR code's token. */
export async function findAttempt(
  queries: Queries,
  column: 'id' | 'token_hash' | 'callback_token_hash' | 'handoff_hash',
  value: string,
): Promise<LoginAttempt | null> {
  const row = await queries
    .selectFrom('attempts')
    .selectAll()
    .where(column, '=', value)
    .executeTakeFirst();
  return row ?? null;
}

/** The latest attempt started since an instant that ended with a login. */
export async function findLastCompleted(
  queries: Queries,
  since: number,
): Promise<LoginAttempt | null> {
  const row = await queries
    .selectFrom('attempts')
    .selectAll()
    .where('created_at', '>=', since)
    .where('state', '=', 'completed')
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Reads an attempt and its rivals, the attempts of other browsers for the same phone number that its call may have been
 * meant for:
 * those that are live, ended without a login no earlier than `windowMs` before this one was created, or
 * completed after it was created. Attempts that failed before the vendor answered do not count.
 *
 * The window is measured from the creation because no call for this attempt is older. If it were measured
 * from the login, a browser could delay its login until no rival counts any more.
 */
export async function findWithRivals(
  queries: Queries,
  attempt: LoginAttempt,
  windowMs: number,
): Promise<{ current: LoginAttempt | null; rivals: LoginAttempt[] }> {
  const endedSince = attempt.created_at - windowMs;
  const found = await queries
    .selectFrom('attempts')
    .selectAll()
    .where('phone_number', '=', attempt.phone_number)
    .where((where) =>
      where.or([
        where('id', '=', attempt.id),
        where.and([
          where('browser_hash', '!=', attempt.browser_hash),
          where.or([
            where.and([
              where('state', '!=', 'completed'),
              where('pauth_session_id', 'is not', null),
              where('ended_at', '>=', endedSince),
            ]),
            where.and([
              where('state', '=', 'completed'),
              where('ended_at', '>', attempt.created_at),
            ]),
            // Attempts that are no longer polled expire without being ended.
            where.and([where('ended_at', 'is', null), where('expires_at', '>=', endedSince)]),
          ]),
        ]),
      ]),
    )
    .execute();
  return {
    current: found.find(({ id }) => id === attempt.id) ?? null,
    rivals: found.filter(({ id }) => id !== attempt.id),
  };
}

/**
 * Stores the pAuth session that the vendor created for an attempt. The attempt may have ended meanwhile.
 *
 * @returns the updated attempt; null, changing nothing, if another attempt already has this pAuth session.
 */
export async function setPauthSession(
  queries: Queries,
  id: string,
  pauthSession: { pauthSessionId: string; callNumber: PhoneNumber },
  nextCheckAt: number,
): Promise<LoginAttempt | null> {
  try {
    const row = await queries
      .updateTable('attempts')
      .set((set) => ({
        pauth_session_id: pauthSession.pauthSessionId,
        call_number: pauthSession.callNumber,
        // A callback may have scheduled a check before the vendor's response arrived.
        next_check_at: nextCheckAtIf(set, set('called_back_at', 'is', null), nextCheckAt),
      }))
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
    return row ?? null;
  } catch (error) {
    if (isDuplicate(error)) {
      return null;
    }
    throw error;
  }
}

/**
 * Moves a pending attempt to `verified`, which releases its check lease, or a verified one to `completed`.
 *
 * @returns false, changing nothing, if the attempt is not in the state `from`.
 */
export async function advanceAttempt(
  queries: Queries,
  id: string,
  step:
    | (Extract<Transition, { to: 'verified' }> & { verifiedAt: number; expiresAt: number })
    | (Extract<Transition, { to: 'completed' }> & { endedAt: number }),
): Promise<boolean> {
  const { numUpdatedRows } = await updateAttempt(queries, id, [step.from])
    .set(
      step.to === 'verified'
        ? {
            state: step.to,
            verified_at: step.verifiedAt,
            expires_at: step.expiresAt,
            check_leased_until: 0,
          }
        : { state: step.to, ended_at: step.endedAt },
    )
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/**
 * Ends an attempt without a login.
 *
 * @param end.onlyIfExpiredAt only if it has expired at this instant and its check is not leased.
 * @returns false, changing nothing, if its state does not allow the transition or the condition fails.
 */
export async function endAttempt(
  queries: Queries,
  id: string,
  end: EndTransition & {
    failure?: AttemptEndCode | undefined;
    endedAt: number;
    onlyIfExpiredAt?: number;
  },
): Promise<boolean> {
  const { onlyIfExpiredAt } = end;
  const update = updateAttempt(queries, id, statesBefore(end)).set({
    state: end.to,
    failure: end.failure ?? null,
    ended_at: end.endedAt,
  });
  const { numUpdatedRows } = await (onlyIfExpiredAt === undefined
    ? update
    : update
        .where('expires_at', '<=', onlyIfExpiredAt)
        .where('check_leased_until', '<=', onlyIfExpiredAt)
  ).executeTakeFirst();
  return numUpdatedRows === 1n;
}
