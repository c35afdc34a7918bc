import 'server-only';
import {
  type Expression,
  type ExpressionBuilder,
  type SqlBool,
  sql,
  type UpdateResult,
} from 'kysely';
import {
  type AttemptState,
  type EndTransition,
  statesBefore,
  type Transition,
} from '../shared/attempt-states.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { attemptColumns } from './columns.ts';
import { compileOnce } from './compile-once.ts';
import { durableTransaction } from './dialect.ts';
import { isDuplicate } from './failure.ts';
import type { LoginAttempt, Queries, Store, Tables } from './schema.ts';

/** Begins an update of an attempt that has no effect unless it is in one of `states`. */
export function updateAttempt(
  queries: Queries,
  id: string | Expression<string>,
  states: readonly AttemptState[],
) {
  return queries.updateTable('attempts').where('id', '=', id).where('state', 'in', states);
}

/** An SQL expression: `checkAt` in rows that meet the condition, the current `next_check_at` in others. */
export function nextCheckAtIf(
  set: ExpressionBuilder<Tables, 'attempts'>,
  condition: Expression<SqlBool>,
  checkAt: Expression<number>,
) {
  return set.case().when(condition).then(checkAt).else(set.ref('next_check_at')).end();
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
  const { rows } = await insertion(queries, { handoff_hash: null, device: null, ...attempt });
  return rows[0] ?? null;
}

const insertion = compileOnce<Required<NewAttempt>, LoginAttempt>((queries, value) =>
  queries
    .insertInto('attempts')
    .values({
      id: value('id'),
      token_hash: value('token_hash'),
      callback_token_hash: value('callback_token_hash'),
      handoff_hash: value('handoff_hash'),
      device: value('device'),
      browser_hash: value('browser_hash'),
      browser_token_hash: value('browser_token_hash'),
      phone_number: value('phone_number'),
      created_at: value('created_at'),
      expires_at: value('expires_at'),
      start_number: (expression) =>
        expression
          .selectFrom('attempts')
          .where('browser_hash', '=', value('browser_hash'))
          .select(sql<number>`coalesce(max(start_number), 0) + 1`.as('next')),
      state: 'pending',
      next_check_at: value('created_at'),
      check_leased_until: 0,
      check_failures: 0,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning(attemptColumns),
);

/** Finds an attempt by its id or by the hash of the browser's, the callback URL's or the QR code's token. */
export async function findAttempt(
  queries: Queries,
  column: keyof typeof selectionBy,
  value: string,
): Promise<LoginAttempt | null> {
  const { rows } = await selectionBy[column](queries, { value });
  return rows[0] ?? null;
}

const selectionBy = {
  id: selectBy('id'),
  token_hash: selectBy('token_hash'),
  callback_token_hash: selectBy('callback_token_hash'),
  handoff_hash: selectBy('handoff_hash'),
};

function selectBy(column: 'id' | 'token_hash' | 'callback_token_hash' | 'handoff_hash') {
  return compileOnce<{ value: string }, LoginAttempt>((queries, value) =>
    queries.selectFrom('attempts').select(attemptColumns).where(column, '=', value('value')),
  );
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
  const { rows } = await selectionWithRivals(queries, { ...attempt, endedSince });
  return {
    current: rows.find(({ id }) => id === attempt.id) ?? null,
    rivals: rows.filter(({ id }) => id !== attempt.id),
  };
}

const selectionWithRivals = compileOnce<
  Pick<LoginAttempt, 'id' | 'phone_number' | 'browser_hash' | 'created_at'> & {
    endedSince: number;
  },
  LoginAttempt
>((queries, value) =>
  queries
    .selectFrom('attempts')
    .select(attemptColumns)
    .where('phone_number', '=', value('phone_number'))
    .where((where) =>
      where.or([
        where('id', '=', value('id')),
        where.and([
          where('browser_hash', '!=', value('browser_hash')),
          where.or([
            where.and([
              where('state', '!=', 'completed'),
              where('pauth_session_id', 'is not', null),
              where('ended_at', '>=', value('endedSince')),
            ]),
            where.and([
              where('state', '=', 'completed'),
              where('ended_at', '>', value('created_at')),
            ]),
            // Attempts that are no longer polled expire without being ended.
            where.and([
              where('ended_at', 'is', null),
              where('expires_at', '>=', value('endedSince')),
            ]),
          ]),
        ]),
      ]),
    ),
);

/**
 * Stores the pAuth session that the vendor created for an attempt. The attempt may have ended meanwhile.
 *
 * @returns the updated attempt; null, changing nothing, if another attempt already has this pAuth session.
 */
export async function setPauthSession(
  store: Store,
  id: string,
  pauthSession: { pauthSessionId: string; callNumber: PhoneNumber },
  nextCheckAt: number,
): Promise<LoginAttempt | null> {
  try {
    const { rows } = await durableTransaction(
      store,
      async (transaction) =>
        await updateWithPauthSession(transaction, { ...pauthSession, id, nextCheckAt }),
    );
    return rows[0] ?? null;
  } catch (error) {
    if (isDuplicate(error)) {
      return null;
    }
    throw error;
  }
}

const updateWithPauthSession = compileOnce<
  { id: string; pauthSessionId: string; callNumber: PhoneNumber; nextCheckAt: number },
  LoginAttempt
>((queries, value) =>
  queries
    .updateTable('attempts')
    .set((set) => ({
      pauth_session_id: value('pauthSessionId'),
      call_number: value('callNumber'),
      // A callback may have scheduled a check before the vendor's response arrived.
      next_check_at: nextCheckAtIf(set, set('called_back_at', 'is', null), value('nextCheckAt')),
    }))
    .where('id', '=', value('id'))
    .returning(attemptColumns),
);

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
  const { numAffectedRows } =
    step.to === 'verified'
      ? await updateToVerified(queries, { id, ...step })
      : await updateToCompleted(queries, { id, ...step });
  return numAffectedRows === 1n;
}

const updateToVerified = compileOnce<
  { id: string; verifiedAt: number; expiresAt: number },
  UpdateResult
>((queries, value) =>
  updateAttempt(queries, value('id'), ['pending']).set({
    state: 'verified',
    verified_at: value('verifiedAt'),
    expires_at: value('expiresAt'),
    check_leased_until: 0,
  }),
);

const updateToCompleted = compileOnce<{ id: string; endedAt: number }, UpdateResult>(
  (queries, value) =>
    updateAttempt(queries, value('id'), ['verified']).set({
      state: 'completed',
      ended_at: value('endedAt'),
    }),
);

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
