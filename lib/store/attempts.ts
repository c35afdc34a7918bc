import 'server-only';
import { sql } from 'kysely';
import type { AttemptEnd } from '../shared/attempt-states.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { isDuplicate } from './failure.ts';
import type { AttemptState, LoginAttempt, Queries } from './schema.ts';

/** The states in which a call can still lead to a login. */
export const liveStates: AttemptState[] = ['pending', 'verified'];

/**
 * The state, for a statement that finds its row by the id. Named plainly it would let PostgreSQL go by
 * the index of the live attempts instead, and read them all, where its statistics are from an hour in
 * which there were none: on a large table they are renewed about once in 100,000 attempts.
 */
export const stateOfOne = sql<AttemptState>`state || ''`;

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
 * Adds a pending attempt that the vendor does not know of yet.
 *
 * @returns it as it is stored; null, changing nothing, when the browser has a live attempt already.
 */
export async function insertAttempt(
  queries: Queries,
  attempt: NewAttempt,
): Promise<LoginAttempt | null> {
  const row = await queries
    .insertInto('attempts')
    .values({
      handoff_hash: null,
      device: null,
      ...attempt,
      start_number: (expression) =>
        expression
          .selectFrom('attempts')
          .where('browser_hash', '=', attempt.browser_hash)
          .select((select) =>
            sql<number>`coalesce(${select.fn.max('start_number')}, 0) + 1`.as('next'),
          ),
      state: 'pending',
      failure: null,
      pauth_session_id: null,
      call_number: null,
      ended_at: null,
      next_check_at: attempt.created_at,
      check_leased_until: 0,
      check_failures: 0,
      called_back_at: null,
      confirmed_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}

/** The attempt whose browser holds this token, or null. */
export async function findAttemptByToken(
  queries: Queries,
  tokenHash: string,
): Promise<LoginAttempt | null> {
  return await findAttempt(queries, 'token_hash', tokenHash);
}

/** The attempt whose callback address holds this token, or null. */
export async function findAttemptByCallbackToken(
  queries: Queries,
  callbackTokenHash: string,
): Promise<LoginAttempt | null> {
  return await findAttempt(queries, 'callback_token_hash', callbackTokenHash);
}

/** The attempt that the page on a phone was opened for with this token, or null. */
export async function findAttemptByHandoffToken(
  queries: Queries,
  handoffTokenHash: string,
): Promise<LoginAttempt | null> {
  return await findAttempt(queries, 'handoff_hash', handoffTokenHash);
}

/** The attempt with this id, or null. */
export async function findAttemptById(queries: Queries, id: string): Promise<LoginAttempt | null> {
  return await findAttempt(queries, 'id', id);
}

async function findAttempt(
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

/**
 * Attempts of other browsers to log in with the same phone number at the same time: live, or over
 * without a login at most `afterwardsMs` before this one began, or completed while this one was live,
 * by what may be the only call there was. Those that failed before the vendor had answered are none.
 *
 * Counted from the beginning, since no call for it is older. When it asks for its login is for its
 * browser to choose, which could wait until nobody else counts any more.
 */
export async function findRivals(
  queries: Queries,
  attempt: LoginAttempt,
  afterwardsMs: number,
): Promise<LoginAttempt[]> {
  const overSince = attempt.created_at - afterwardsMs;
  return await queries
    .selectFrom('attempts')
    .selectAll()
    .where('phone_number', '=', attempt.phone_number)
    .where('browser_hash', '!=', attempt.browser_hash)
    .where((where) =>
      where.or([
        where.and([
          where('state', '!=', 'completed'),
          where('pauth_session_id', 'is not', null),
          where('ended_at', '>=', overSince),
        ]),
        where.and([where('state', '=', 'completed'), where('ended_at', '>', attempt.created_at)]),
        // An attempt that nobody polls any more runs out without ending.
        where.and([where('ended_at', 'is', null), where('expires_at', '>=', overSince)]),
      ]),
    )
    .execute();
}

/**
 * Notes what the vendor answered to the start. The attempt may have ended meanwhile.
 *
 * @returns it as it is now; null, changing nothing, when another attempt has this pAuth session already.
 */
export async function setPauthSession(
  queries: Queries,
  id: string,
  pauthSession: { pauthSessionId: string; callNumber: PhoneNumber },
  nextCheckAt: number,
): Promise<LoginAttempt | null> {
  const update = queries
    .updateTable('attempts')
    .set({
      pauth_session_id: pauthSession.pauthSessionId,
      call_number: pauthSession.callNumber,
    })
    // A callback may have asked for a check before the vendor's answer arrived.
    .set((set) => ({
      next_check_at: set
        .case()
        .when('called_back_at', 'is', null)
        .then(set.val(nextCheckAt))
        .else(set.ref('next_check_at'))
        .end(),
    }))
    .where('id', '=', id)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('attempts as other')
            .select('other.id')
            .where('other.pauth_session_id', '=', pauthSession.pauthSessionId),
        ),
      ),
    )
    .returningAll();
  try {
    return (await update.executeTakeFirst()) ?? null;
  } catch (error) {
    // Another process noted it between our look and our update.
    if (isDuplicate(error)) {
      return null;
    }
    throw error;
  }
}

/**
 * Moves a pending attempt to `verified`, which ends the right to ask the vendor about it, or a verified
 * one to `completed`.
 *
 * @returns false, changing nothing, when it is in another state: somebody was first.
 */
export async function advanceAttempt(
  queries: Queries,
  id: string,
  step:
    | { from: 'pending'; to: 'verified'; expiresAt: number }
    | { from: 'verified'; to: 'completed'; endedAt: number },
): Promise<boolean> {
  const { numUpdatedRows } = await queries
    .updateTable('attempts')
    .set(
      step.to === 'verified'
        ? { state: step.to, expires_at: step.expiresAt, check_leased_until: 0 }
        : { state: step.to, ended_at: step.endedAt },
    )
    .where('id', '=', id)
    .where(stateOfOne, '=', step.from)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/**
 * Ends a live attempt without a login.
 *
 * @param end.ifOverAt only where its time is up then, and nobody has the right to ask the vendor.
 * @returns false, changing nothing, when it has ended already or is not over.
 */
export async function endAttempt(
  queries: Queries,
  id: string,
  end: { state: AttemptEnd; failure?: AttemptEndCode; endedAt: number; ifOverAt?: number },
): Promise<boolean> {
  const { ifOverAt } = end;
  const update = queries
    .updateTable('attempts')
    .set({ state: end.state, failure: end.failure ?? null, ended_at: end.endedAt })
    .where('id', '=', id)
    .where(stateOfOne, 'in', liveStates);
  const { numUpdatedRows } = await (ifOverAt === undefined
    ? update
    : update.where('expires_at', '<=', ifOverAt).where('check_leased_until', '<=', ifOverAt)
  ).executeTakeFirst();
  return numUpdatedRows === 1n;
}
