/**
 * Makes call-login's store and fills it: `node --conditions=react-server bench/fill.ts <database url>
 * <users> <events>`. Besides the events, users who have been here have an old attempt and a session
 * each, as they would.
 */
import { sql } from 'kysely';
import { migrate } from '#lib/store/migrate.ts';
import { openSqlite } from '#lib/store/sqlite.ts';
import { USER_COUNT } from './phone-numbers.ts';

const [url = '', users = String(USER_COUNT), events = '0'] = process.argv.slice(2);
const userCount = Number(users);
const eventCount = Number(events);

/** Long over, so that nothing about them is still going on. */
const past = Date.parse('2026-01-01T00:00:00Z');
const soon = Date.now() + 7 * 86_400_000;
const store = openSqlite(url.slice('file:'.length));
await migrate(store);
// Nothing here has to survive a fault: all of it stays in memory until it is whole.
for (const setting of ['journal_mode = off', 'synchronous = off', 'cache_size = -4000000']) {
  await sql.raw(`pragma ${setting}`).execute(store);
}

/** Rows numbered from 0. */
const numbers = (count: number) =>
  sql`with recursive numbers(n) as (select 0 union all select n + 1 from numbers where n + 1 < ${count})`;

await sql`
  insert into users (id, phone_number, created_at, last_login_at, last_active_at)
  ${numbers(userCount)}
  select 'user-' || n, '+8180' || (10000000 + n), ${past}, ${Date.now()}, ${Date.now()} from numbers
`.execute(store);

if (eventCount > 0) {
  // An index is made faster of what is there than kept while it comes.
  await sql`drop index events_by_user`.execute(store);
  await sql`
    insert into events (at, type, attempt_id, user_id, device, network)
    ${numbers(eventCount)}
    select ${past} + n, case n % 4 when 0 then 'attempt_started' when 1 then 'attempt_verified'
      when 2 then 'attempt_completed' else 'logged_out' end,
      'attempt-' || (n % ${userCount}), 'user-' || (n * 7919 % ${userCount}), 'Safari · iOS', '10.0.0.0/24'
    from numbers
  `.execute(store);
  await sql`create index events_by_user on events (user_id, id)`.execute(store);
  await sql`
    insert into attempts (id, token_hash, callback_token_hash, browser_hash, browser_token_hash,
      phone_number, state, pauth_session_id, call_number, created_at, expires_at, ended_at,
      next_check_at, check_leased_until, check_failures, confirmed_at)
    ${numbers(userCount)}
    select 'attempt-' || n, 'token-' || (n * 7919 % ${userCount}), 'callback-' || (n * 7907 % ${userCount}),
      'browser-' || n, 'browser-token-' || n, '+8180' || (10000000 + n), 'completed', 'pauth-' || n,
      '+815098760001', ${past}, ${past} + 300000, ${past} + 20000, ${past}, 0, 0, ${past}
    from numbers
  `.execute(store);
  await sql`
    insert into sessions (id_hash, public_id, user_id, device, network, created_at, expires_at,
      last_used_at, notices_seen_at)
    ${numbers(userCount)}
    select 'hash-' || (n * 7919 % ${userCount}), 'public-' || n, 'user-' || n, 'Safari · iOS',
      '10.0.0.0/24', ${past}, ${soon}, ${past}, ${past}
    from numbers
  `.execute(store);
}
await sql.raw('pragma journal_mode = wal').execute(store);
await store.destroy();
