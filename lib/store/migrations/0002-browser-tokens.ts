import 'server-only';
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** A browser proves its identity with a token that each attempt replaces (docs/decisions/0007). */
export const browserTokens: Migration = {
  async up(db: Kysely<unknown>) {
    // Attempts added by an older version have none. No token has the empty hash.
    await db.schema
      .alterTable('attempts')
      .addColumn('browser_token_hash', 'text', (column) => column.notNull().defaultTo(''))
      .execute();
    // Before, the token and the browser's identity were the same, and existing cookies still hold it.
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
