import 'server-only';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { isPostgres } from '../dialect.ts';

/** What running a site needs besides logins: to find what is old, and to share the limits. */
export const operation: Migration = {
  async up(db: Kysely<unknown>) {
    for (const [table, column] of [
      ['attempts', 'created_at'],
      ['sessions', 'expires_at'],
      ['events', 'at'],
    ] as const) {
      await db.schema.createIndex(`${table}_by_${column}`).on(table).column(column).execute();
    }
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
