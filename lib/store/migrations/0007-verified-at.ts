import 'server-only';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** When the call of an attempt became known: later attempts did not compete for it. */
export const verifiedAt: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('attempts').addColumn('verified_at', 'bigint').execute();
  },
};
