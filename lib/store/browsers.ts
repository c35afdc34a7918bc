import 'server-only';
import type { UpdateResult } from 'kysely';
import { findAttempt } from './attempts.ts';
import { attemptColumns } from './columns.ts';
import { compileOnce } from './compile-once.ts';
import { isPostgres } from './dialect.ts';
import { ignoreUnwritable } from './failure.ts';
import type { LoginAttempt, Queries } from './schema.ts';

/** The live attempt of a browser, of which there is at most one. */
export async function findLiveAttempt(
  queries: Queries,
  browserHash: string,
): Promise<LoginAttempt | null> {
  const row = await queries
    .selectFrom('attempts')
    .selectAll()
    .where('browser_hash', '=', browserHash)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return row ?? null;
}

/** Whether the browser that was given this token at the start of an attempt has a live one. */
export async function hasLiveAttemptByToken(
  queries: Queries,
  browserTokenHash: string,
): Promise<boolean> {
  const live = await queries
    .selectFrom('attempts')
    .select('id')
    .where('browser_hash', '=', (known) =>
      known
        .selectFrom('attempts')
        .select('browser_hash')
        .where('browser_token_hash', '=', browserTokenHash)
        .orderBy('created_at', 'desc')
        .limit(1),
    )
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return live !== undefined;
}

/** The latest attempt whose start gave this token to its browser. */
export async function findAttemptByBrowserToken(
  queries: Queries,
  browserTokenHash: string,
): Promise<LoginAttempt | null> {
  const row = await queries
    .selectFrom('attempts')
    .selectAll()
    .where('browser_token_hash', '=', browserTokenHash)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/** Whether the browser has presented the cookie of an attempt it started after this one. */
export async function hasConfirmedLaterAttempt(
  queries: Queries,
  attempt: LoginAttempt,
): Promise<boolean> {
  const later = await queries
    .selectFrom('attempts')
    .select('id')
    .where('browser_hash', '=', attempt.browser_hash)
    .where('start_number', '>', attempt.start_number)
    .where('confirmed_at', 'is not', null)
    .executeTakeFirst();
  return later !== undefined;
}

/** Records that the browser has presented the attempt's cookie: it has received the start's response. */
export async function confirmAttempt(queries: Queries, id: string, at: number): Promise<void> {
  await confirmation(queries, { id, at });
}

const confirmation = compileOnce<{ id: string; at: number }, UpdateResult>((queries, value) =>
  queries
    .updateTable('attempts')
    .set({ confirmed_at: value('at') })
    .where('id', '=', value('id'))
    .where('confirmed_at', 'is', null),
);

/**
 * Finds the attempt whose token a browser presents, and records that it has: on PostgreSQL in one statement.
 *
 * @returns the attempt, before or after that; null if there is none.
 */
export async function findAndConfirmAttempt(
  queries: Queries,
  tokenHash: string,
  at: number,
): Promise<LoginAttempt | null> {
  if (isPostgres(queries)) {
    try {
      const { rows } = await confirmationWithSelection(queries, { tokenHash, at });
      return rows[0] ?? null;
    } catch (error) {
      // A database that only reads refuses it even where there is nothing to record.
      ignoreUnwritable(error);
    }
  }
  const attempt = await findAttempt(queries, 'token_hash', tokenHash);
  if (attempt?.confirmed_at === null) {
    await confirmAttempt(queries, attempt.id, at);
  }
  return attempt;
}

const confirmationWithSelection = compileOnce<{ tokenHash: string; at: number }, LoginAttempt>(
  (queries, value) =>
    queries
      .with('confirmed', (update) =>
        update
          .updateTable('attempts')
          .set({ confirmed_at: value('at') })
          .where('token_hash', '=', value('tokenHash'))
          .where('confirmed_at', 'is', null)
          .returning(attemptColumns),
      )
      .selectFrom('confirmed')
      .select(attemptColumns)
      .unionAll((union) =>
        union
          .selectFrom('attempts')
          .select(attemptColumns)
          .where('token_hash', '=', value('tokenHash'))
          .where(({ not, exists, selectFrom }) =>
            not(exists(selectFrom('confirmed').select('confirmed.id'))),
          ),
      ),
);
