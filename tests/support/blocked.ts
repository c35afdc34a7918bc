import { sql } from 'kysely';
import { vi } from 'vitest';
import { isPostgres } from '#lib/store/dialect.ts';
import type { Store } from '#lib/store/schema.ts';

/** Until a statement waits for another transaction; SQLite tells nobody that one does. */
export async function waitUntilBlocked(store: Store): Promise<void> {
  if (isPostgres(store)) {
    const query = sql<{ pid: number }>`
      select pid from pg_stat_activity
      where wait_event_type = 'Lock' and datname = current_database()`;
    await vi.waitUntil(async () => (await query.execute(store)).rows.length > 0);
  }
}
