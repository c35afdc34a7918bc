import 'server-only';
import { liveStates } from './attempts.ts';
import type { LoginAttempt, Queries } from './schema.ts';

/** The one attempt of a browser that can still lead to a login, or null. */
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

/** The latest attempt whose start left this token with its browser, or null. */
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

/** Whether a browser has come back with the cookie of an attempt that was started after this one. */
export async function hasMovedOn(queries: Queries, attempt: LoginAttempt): Promise<boolean> {
  const later = await queries
    .selectFrom('attempts')
    .select('id')
    .where('browser_hash', '=', attempt.browser_hash)
    .where('start_number', '>', attempt.start_number)
    .where('confirmed_at', 'is not', null)
    .executeTakeFirst();
  return later !== undefined;
}

/** Notes that the browser has come back with the attempt's cookie: its answer was not lost. */
export async function confirmAttempt(queries: Queries, id: string, at: number): Promise<void> {
  await queries
    .updateTable('attempts')
    .set({ confirmed_at: at })
    .where('id', '=', id)
    .where('confirmed_at', 'is', null)
    .execute();
}
