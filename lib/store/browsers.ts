import 'server-only';
import type { UpdateResult } from 'kysely';
import { liveStates } from '../shared/attempt-states.ts';
import { compileOnce } from './compile-once.ts';
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
    .where('state', 'in', liveStates)
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
    .where('state', 'in', liveStates)
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
