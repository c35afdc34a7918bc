import 'server-only';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Passkeys, and what the rules about them need to know of users and sessions. The version before leaves the
 * new columns null: its sessions count as begun by a call.
 */
export const passkeys: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('passkeys')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('user_id', 'text', (column) =>
        column.notNull().references('users.id').onDelete('cascade'),
      )
      .addColumn('credential_id', 'text', (column) => column.notNull().unique())
      .addColumn('public_key', 'text', (column) => column.notNull())
      .addColumn('counter', 'bigint', (column) => column.notNull())
      .addColumn('device_type', 'text', (column) => column.notNull())
      .addColumn('is_backed_up', 'integer', (column) => column.notNull())
      .addColumn('rp_id', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('network', 'text', (column) => column.notNull())
      .addColumn('session_public_id', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('last_used_at', 'bigint')
      .execute();
    await db.schema
      .createIndex('passkeys_by_user')
      .on('passkeys')
      .columns(['user_id', 'created_at'])
      .execute();
    for (const [table, column, type] of [
      ['users', 'webauthn_user_id', 'text'],
      ['users', 'passkey_offer_declined_at', 'bigint'],
      ['sessions', 'method', 'text'],
      ['sessions', 'passkey_used_at', 'bigint'],
    ] as const) {
      await db.schema.alterTable(table).addColumn(column, type).execute();
    }
  },
};
