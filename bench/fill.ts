/**
 * Creates call-login's store and fills it:
 * `node --conditions=react-server bench/fill.ts <database url> <users> <events>`.
 *
 * With events, each user also has an attempt of yesterday and a session, because `start` and `status`
 * read those. No row is old enough to be deleted by the server.
 */
import { type RawBuilder, sql } from 'kysely';
import { isPostgres } from '#lib/store/dialect.ts';
import { prepareStore, type StorePlace } from '#lib/store/open.ts';
import { migrationTimeouts, openPostgres } from '#lib/store/postgres.ts';
import { openSqlite } from '#lib/store/sqlite.ts';
import { USER_COUNT } from './phone-numbers.ts';

const [url = '', users = String(USER_COUNT), events = '0'] = process.argv.slice(2);
const userCount = literal(Number(users));
const eventCount = Number(events);

const DAY_MS = 86_400_000;
const now = literal(Date.now());
const yesterday = literal(Date.now() - DAY_MS);
const longAgo = literal(Date.now() - 300 * DAY_MS);
const nextWeek = literal(Date.now() + 7 * DAY_MS);
/** Permutes the numbers, so that rows have a different order in each index. */
const spread = sql`(n * 7919 % ${userCount})`;

const place: StorePlace = url.startsWith('file:')
  ? { kind: 'sqlite', path: url.slice('file:'.length) }
  : { kind: 'postgres', url, poolSize: 1 };
const store =
  place.kind === 'sqlite' ? openSqlite(place.path) : openPostgres(place, migrationTimeouts);
await prepareStore(place, store);
// Nothing has to survive a fault here.
await ofSqlite(
  'pragma journal_mode = off',
  'pragma synchronous = off',
  'pragma cache_size = -4000000',
);

await insert(sql`users (id, phone_number, created_at, last_login_at, last_active_at)`, {
  count: Number(users),
  values: sql`'user-' || n, '+8180' || (10000000 + n), ${longAgo}, ${yesterday}, ${now}`,
});
if (eventCount > 0) {
  await insert(sql`events (at, type, attempt_id, user_id, device, network)`, {
    count: eventCount,
    values: sql`
      ${longAgo} + n * ${literal(Math.floor((300 * DAY_MS) / eventCount))},
      case n % 4 when 0 then 'attempt_started' when 1 then 'attempt_verified'
        when 2 then 'attempt_completed' else 'logged_out' end,
      'attempt-' || (n % ${userCount}), 'user-' || ${spread}, 'Safari · iOS', '10.0.0.0/24'`,
  });
  await insert(
    sql`attempts (id, token_hash, callback_token_hash, browser_hash, browser_token_hash,
      phone_number, state, pauth_session_id, call_number, created_at, expires_at, ended_at,
      next_check_at, check_leased_until, check_failures, confirmed_at)`,
    {
      count: Number(users),
      values: sql`
        'attempt-' || n, 'token-' || ${spread}, 'callback-' || ${spread}, 'browser-' || ${spread},
        'browser-token-' || ${spread}, '+8180' || (10000000 + n), 'completed', 'pauth-' || ${spread},
        '+815098760001', ${yesterday}, ${yesterday} + 300000, ${yesterday} + 20000, ${yesterday}, 0,
        0, ${yesterday}`,
    },
  );
  await insert(
    sql`sessions (id_hash, public_id, user_id, device, network, created_at, expires_at,
      last_used_at, notices_seen_at)`,
    {
      count: Number(users),
      values: sql`
        'hash-' || ${spread}, 'public-' || ${spread}, 'user-' || n, 'Safari · iOS', '10.0.0.0/24',
        ${yesterday}, ${nextWeek}, ${now}, ${yesterday}`,
    },
  );
}
// PostgreSQL would start vacuum and checkpoint by itself a minute later, during the measurements.
for (const statement of isPostgres(store) ? ['vacuum analyze', 'checkpoint'] : ['analyze']) {
  await sql.raw(statement).execute(store);
}
await ofSqlite('pragma journal_mode = wal');
await store.destroy();

/** Inserts `count` rows of expressions of `n`, which counts from 0. */
async function insert(
  columns: RawBuilder<unknown>,
  rows: { count: number; values: RawBuilder<unknown> },
): Promise<void> {
  await sql`
    insert into ${columns}
    with recursive numbers(n) as (
      select cast(0 as bigint) union all select n + 1 from numbers where n + 1 < ${literal(rows.count)}
    )
    select ${rows.values} from numbers
  `.execute(store);
}

async function ofSqlite(...statements: readonly string[]): Promise<void> {
  for (const statement of isPostgres(store) ? [] : statements) {
    await sql.raw(statement).execute(store);
  }
}

/** Inlined, because PostgreSQL cannot infer the type of a lone parameter. */
function literal(value: number): RawBuilder<number> {
  return sql.lit(value);
}
