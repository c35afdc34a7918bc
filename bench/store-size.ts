/**
 * `node --conditions=react-server bench/store-size.ts`: prints how many bytes a row of each table takes,
 * its indexes included, on SQLite and PostgreSQL. Takes up to two minutes.
 *
 * The rows are those of first logins, with random values in random order. They are inserted and not
 * updated, so dead row versions, which PostgreSQL vacuums later, are not included.
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import * as z from 'zod';
import { createToken, hashToken } from '#lib/crypto/token.ts';
import { phoneNumberSchema } from '#lib/shared/contract.ts';
import { isPostgres } from '#lib/store/dialect.ts';
import { openStore, prepareStore, type StorePlace } from '#lib/store/open.ts';
import type { EventType, Store } from '#lib/store/schema.ts';
import { createDatabase, startPostgres } from '#tests/support/postgres.ts';
import { readServerVersions } from './machine.ts';
import { phoneNumberOf, USER_COUNT } from './phone-numbers.ts';
import { withFolder } from './servers.ts';

const LOGINS = USER_COUNT;
const BATCH = 500;
const TABLES = ['users', 'devices', 'sessions', 'attempts', 'events'] as const;

const sizesSchema = z.array(z.object({ name: z.string(), bytes: z.coerce.number() }));

const client = { device: 'Safari · iOS', network: '203.0.113.0/24' };
/** The audit events of a login, without `user_created`. */
const steps: readonly EventType[] = ['attempt_started', 'attempt_verified', 'attempt_completed'];
const createHash = () => hashToken(createToken());

const postgres = await startPostgres();
try {
  const url = await createDatabase(postgres.url);
  const onSqlite = await withFolder((folder) =>
    measure({ kind: 'sqlite', path: `${folder}/call-login.db` }),
  );
  console.log(`Bytes per row after ${LOGINS.toLocaleString('en')} first logins`);
  console.table({
    [`SQLite ${process.versions.sqlite}`]: onSqlite,
    [`PostgreSQL ${readServerVersions().postgresql}`]: await measure({
      kind: 'postgres',
      url,
      poolSize: 1,
    }),
  });
} finally {
  await postgres.remove();
}

async function measure(place: StorePlace): Promise<Record<(typeof TABLES)[number], number>> {
  const store = openStore(place);
  await prepareStore(place, store);
  for (let first = 0; first < LOGINS; first += BATCH) {
    await addLogins(store, first);
  }
  const bytes = await sizesOf(store);
  await store.destroy();
  const entries = TABLES.map((table) => {
    const rows = table === 'events' ? LOGINS * steps.length : LOGINS;
    return [table, Math.round((bytes.get(table) ?? 0) / rows)];
  });
  return Object.fromEntries(entries);
}

async function addLogins(store: Store, first: number): Promise<void> {
  const logins = Array.from({ length: BATCH }, (_, index) => ({
    userId: randomUUID(),
    attemptId: randomUUID(),
    publicId: randomUUID(),
    phoneNumber: phoneNumberSchema.parse(phoneNumberOf(first + index)),
    at: Date.now() + first + index,
  }));
  await store.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('users')
      .values(
        logins.map(({ userId: id, phoneNumber: phone_number, at }) => ({
          ...{ id, phone_number, created_at: at, last_login_at: at, last_active_at: at },
          ...{ disabled_at: null, set_aside_at: null },
        })),
      )
      .execute();
    await transaction
      .insertInto('devices')
      .values(
        logins.map(({ userId, publicId, at }) => ({
          ...client,
          ...{ user_id: userId, session_public_id: publicId },
          ...{ first_login_at: at, notices_seen_at: at },
        })),
      )
      .execute();
    await transaction
      .insertInto('sessions')
      .values(
        logins.map(({ userId, publicId, at }) => ({
          ...client,
          ...{ id_hash: createHash(), public_id: publicId, user_id: userId },
          ...{ created_at: at, expires_at: at, last_used_at: at, notices_seen_at: at },
        })),
      )
      .execute();
    await transaction
      .insertInto('attempts')
      .values(
        logins.map(({ attemptId: id, phoneNumber: phone_number, at }) => ({
          ...{ id, phone_number, device: client.device, state: 'completed' as const },
          ...{ token_hash: createHash(), callback_token_hash: createHash() },
          ...{ handoff_hash: createHash(), browser_token_hash: createHash() },
          ...{ browser_hash: randomUUID(), start_number: 1, failure: null },
          ...{ pauth_session_id: randomUUID(), call_number: phone_number },
          ...{ created_at: at, expires_at: at, ended_at: at, next_check_at: at },
          ...{ check_leased_until: at, check_failures: 0, called_back_at: at, confirmed_at: at },
        })),
      )
      .execute();
    for (const type of steps) {
      const isLast = type === 'attempt_completed';
      await transaction
        .insertInto('events')
        .values(
          logins.map(({ userId, attemptId: attempt_id, at }) => ({
            ...{ at, type, attempt_id, reason: null, user_id: isLast ? userId : null },
            ...(isLast ? client : { device: null, network: null }),
          })),
        )
        .execute();
    }
  });
}

/** The bytes of each table with its indexes. */
async function sizesOf(store: Store): Promise<ReadonlyMap<string, number>> {
  const query = isPostgres(store)
    ? sql`
        select relname as name, pg_total_relation_size(oid) as bytes
        from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`
    : sql`
        select tbl_name as name, sum(pgsize) as bytes
        from dbstat join sqlite_schema on sqlite_schema.name = dbstat.name group by tbl_name`;
  const { rows } = await query.execute(store);
  return new Map(sizesSchema.parse(rows).map(({ name, bytes }) => [name, bytes]));
}
