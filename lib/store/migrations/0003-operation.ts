import 'server-only';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { isPostgres } from '../dialect.ts';

/** Indexes for deleting old rows, and the table of the shared rate limits. */
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
      // The columns of a library that counted the limits then. With SQLite the counts were in a separate file.
      await db.schema
        .createTable('limits')
        .addColumn('key', 'varchar(255)', (column) => column.primaryKey())
        .addColumn('points', 'integer', (column) => column.notNull().defaultTo(0))
        .addColumn('expire', 'bigint')
        .execute();
    }
  },
};
