import 'server-only';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The token of the page on the phone, and the device that the page says will be logged in. */
export const handoff: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('attempts').addColumn('handoff_hash', 'text').execute();
    await db.schema.alterTable('attempts').addColumn('device', 'text').execute();
    await db.schema
      .createIndex('attempts_by_handoff')
      .on('attempts')
      .column('handoff_hash')
      .unique()
      .execute();
  },
};
