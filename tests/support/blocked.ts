import { sql } from 'kysely';
import { expect } from 'vitest';
import { isPostgres } from '#lib/store/dialect.ts';
import type { Store } from '#lib/store/schema.ts';

/** Waits until a statement is blocked by another transaction. Returns at once on SQLite, which cannot tell. */
export async function waitUntilBlocked(store: Store): Promise<void> {
  if (isPostgres(store)) {
    const query = sql<{ pid: number }>`
      select pid from pg_stat_activity
      where wait_event_type = 'Lock' and datname = current_database()`;
    await expect.poll(async () => (await query.execute(store)).rows).not.toEqual([]);
  }
}
