import 'server-only';
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Numbers the starts of each browser, since clocks cannot order them reliably (docs/decisions/0007). */
export const startNumbers: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('attempts')
      .addColumn('start_number', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await sql`
      update attempts set start_number = (
        select count(*) from attempts as earlier
        where earlier.browser_hash = attempts.browser_hash
          and earlier.created_at <= attempts.created_at
      )`.execute(db);
  },
};
