import 'server-only';
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** A browser proves which one it is by a token that each attempt replaces (docs/decisions/0007). */
export const browserTokens: Migration = {
  async up(db: Kysely<unknown>) {
    // An attempt that a version before this one adds has none: nobody can present the empty hash.
    await db.schema
      .alterTable('attempts')
      .addColumn('browser_token_hash', 'text', (column) => column.notNull().defaultTo(''))
      .execute();
    // The token was the browser's name itself before: cookies out there still hold it.
    await sql`update attempts set browser_token_hash = browser_hash`.execute(db);
    await db.schema.alterTable('attempts').addColumn('confirmed_at', 'bigint').execute();
    await db.schema
      .createIndex('attempts_by_browser_token')
      .on('attempts')
      .columns(['browser_token_hash', 'created_at'])
      .execute();
    await db.schema
      .createIndex('attempts_by_browser')
      .on('attempts')
      .columns(['browser_hash', 'created_at'])
      .execute();
  },
};
