import 'server-only';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { isPostgres } from '../dialect.ts';

/** What several processes share besides logins: the counts of the limits, where PostgreSQL holds them. */
export const sharing: Migration = {
  async up(db: Kysely<unknown>) {
    if (isPostgres(db)) {
      // The shape is rate-limiter-flexible's. With SQLite, the counts are in a file of their own.
      await db.schema
        .createTable('limits')
        .addColumn('key', 'varchar(255)', (column) => column.primaryKey())
        .addColumn('points', 'integer', (column) => column.notNull().defaultTo(0))
        .addColumn('expire', 'bigint')
        .execute();
    }
  },
};
