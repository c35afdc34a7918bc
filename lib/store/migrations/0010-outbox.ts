import 'server-only';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Events that are still to be sent to the webhook. */
export const outbox: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('outbox')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('payload', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('next_at', 'bigint', (column) => column.notNull())
      .addColumn('tries', 'integer', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('outbox_by_next_at').on('outbox').column('next_at').execute();
  },
};
