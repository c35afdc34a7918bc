import 'server-only';
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * The index of live attempts no longer depends on their state: PostgreSQL writes every index of a table unless a change
 * touches none of them, and a verified call changes the state.
 */
export const fewerIndexUpdates: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createIndex('attempts_not_ended_per_browser')
      .on('attempts')
      .column('browser_hash')
      .unique()
      .where(sql.ref('ended_at'), 'is', null)
      .execute();
    await db.schema.dropIndex('attempts_live_per_browser').execute();
  },
};
