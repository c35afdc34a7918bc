import 'server-only';
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * An Argentine mobile number is kept without the 9 that calls from abroad put before it, so that both
 * spellings are one account. Of two accounts, the one used last keeps the number; the other is set aside.
 */
export const argentineMobiles: Migration = {
  async up(db: Kysely<unknown>) {
    const canonical = (number: string) =>
      sql`replace(substr(${sql.ref(number)}, 1, 4), '+549', '+54') || substr(${sql.ref(number)}, 5)`;
    await sql`
      update users set set_aside_at = ${Date.now()}
      where set_aside_at is null and phone_number like '+54%' and exists (
        select 1 from users twin
        where twin.set_aside_at is null and twin.phone_number like '+54%' and twin.id <> users.id
          and ${canonical('twin.phone_number')} = ${canonical('users.phone_number')}
          and (twin.last_active_at > users.last_active_at
            or (twin.last_active_at = users.last_active_at and twin.id > users.id))
      )`.execute(db);
    for (const table of ['users', 'attempts']) {
      await sql`
        update ${sql.table(table)} set phone_number = ${canonical('phone_number')}
        where phone_number like '+549%'`.execute(db);
    }
  },
};
