import 'server-only';
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { isPostgres } from '../dialect.ts';

/** The tables of the login: users, attempts, sessions, devices, events. */
export const first: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('users')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('phone_number', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('last_login_at', 'bigint')
      .addColumn('last_active_at', 'bigint', (column) => column.notNull())
      .addColumn('disabled_at', 'bigint')
      .addColumn('set_aside_at', 'bigint')
      .execute();
    // One user per phone number, not counting those set aside because the number may have a new owner.
    await db.schema
      .createIndex('users_by_phone_number')
      .on('users')
      .column('phone_number')
      .unique()
      .where(sql.ref('set_aside_at'), 'is', null)
      .execute();

    await db.schema
      .createTable('attempts')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('token_hash', 'text', (column) => column.notNull().unique())
      .addColumn('callback_token_hash', 'text', (column) => column.notNull().unique())
      .addColumn('browser_hash', 'text', (column) => column.notNull())
      .addColumn('phone_number', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('failure', 'text')
      .addColumn('pauth_session_id', 'text', (column) => column.unique())
      .addColumn('call_number', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('ended_at', 'bigint')
      .addColumn('next_check_at', 'bigint', (column) => column.notNull())
      .addColumn('check_leased_until', 'bigint', (column) => column.notNull())
      .addColumn('check_failures', 'integer', (column) => column.notNull())
      .addColumn('called_back_at', 'bigint')
      .execute();
    // One live attempt per browser, so that a double click costs one vendor session.
    await db.schema
      .createIndex('attempts_live_per_browser')
      .on('attempts')
      .column('browser_hash')
      .unique()
      .where(sql.ref('state'), 'in', ['pending', 'verified'])
      .execute();
    await db.schema
      .createIndex('attempts_by_phone_number')
      .on('attempts')
      .columns(['phone_number', 'created_at'])
      .execute();

    await db.schema
      .createTable('sessions')
      .addColumn('id_hash', 'text', (column) => column.primaryKey())
      .addColumn('public_id', 'text', (column) => column.notNull().unique())
      .addColumn('user_id', 'text', (column) =>
        column.notNull().references('users.id').onDelete('cascade'),
      )
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('network', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('last_used_at', 'bigint')
      .addColumn('notices_seen_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('sessions_by_user').on('sessions').column('user_id').execute();

    await db.schema
      .createTable('devices')
      .addColumn('user_id', 'text', (column) =>
        column.notNull().references('users.id').onDelete('cascade'),
      )
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('network', 'text', (column) => column.notNull())
      .addColumn('session_public_id', 'text', (column) => column.notNull())
      .addColumn('first_login_at', 'bigint', (column) => column.notNull())
      .addColumn('notices_seen_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('devices_pk', ['user_id', 'device'])
      .execute();

    await db.schema
      .createTable('events')
      .addColumn('id', isPostgres(db) ? 'bigserial' : 'integer', (column) =>
        isPostgres(db) ? column.primaryKey() : column.primaryKey().autoIncrement(),
      )
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('attempt_id', 'text')
      .addColumn('user_id', 'text')
      .addColumn('reason', 'text')
      .addColumn('device', 'text')
      .addColumn('network', 'text')
      .execute();
    await db.schema.createIndex('events_by_user').on('events').columns(['user_id', 'id']).execute();
  },
};
