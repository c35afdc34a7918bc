import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { sql } from 'kysely';
import type { Config } from '#lib/config/config.ts';
import { tryRedis } from '#lib/notify/redis.ts';
import { explainStoreFailure } from '#lib/store/describe-failure.ts';
import { findPending } from '#lib/store/migrate.ts';
import { openStore } from '#lib/store/open.ts';
import { IDLE_IN_TRANSACTION_MS, requestTimeouts } from '#lib/store/postgres.ts';
import type { Store } from '#lib/store/schema.ts';
import { type Finding, ok, reasonOf, refuse, warn } from './finding.ts';

/** Less than this is a matter of days on a busy site, or of one log file. */
const FREE_MIB = 1_024;

/** Opens the database as the server does, without migrating it. Leaves a file that is missing missing. */
export async function checkStore({ store: place }: Pick<Config, 'store'>): Promise<Finding[]> {
  if (place.kind === 'sqlite' && !existsSync(place.path)) {
    return [checkMissingFile(place.path), checkDisk(place.path)];
  }
  let store: Store | null = null;
  try {
    store = openStore(place);
    return place.kind === 'sqlite'
      ? [await checkFile(store, place.path), await checkMigrations(store), checkDisk(place.path)]
      : [await checkServer(store), await checkMigrations(store), await checkTimeLimits(store)];
  } catch (error) {
    return [refuse('store', ...explainStoreFailure(error, place))];
  } finally {
    await store?.destroy();
  }
}

/** The folder of a file, or the nearest one above that exists. */
function folderOf(path: string): string {
  let folder = dirname(resolve(path));
  while (!existsSync(folder)) {
    folder = dirname(folder);
  }
  return folder;
}

/** SQLite writes files beside the database, which grow until they are merged with it. */
function checkDisk(path: string): Finding {
  const folder = folderOf(path);
  const { bavail, bsize } = statfsSync(folder);
  return judgeDisk(folder, isWritable(folder), Math.floor((bavail * bsize) / 2 ** 20));
}

/** @param freeMib what this user may still write, in MiB. */
export function judgeDisk(folder: string, isWritable: boolean, freeMib: number): Finding {
  if (!isWritable) {
    return refuse(
      'disk',
      `${folder} is not writable, and SQLite writes files beside the database.`,
      'Make the folder writable to the server, or name a file in another one in DATABASE_URL.',
    );
  }
  return freeMib < FREE_MIB
    ? warn(
        'disk',
        `The disk of ${folder} has ${freeMib} MiB left. When it is full, nobody can log in.`,
        `Make room: at least ${FREE_MIB} MiB, and as much as the database has for a backup beside it.`,
      )
    : ok('disk', `The disk of ${folder} has ${freeMib} MiB left.`);
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Boot creates the file and its folders. */
function checkMissingFile(path: string): Finding {
  const folder = folderOf(path);
  return isWritable(folder)
    ? ok('store', `${path} does not exist yet: the first start creates it.`)
    : refuse(
        'store',
        `${path} does not exist, and ${folder} is not writable.`,
        'Create the folder and make it writable to the server, or name another file in DATABASE_URL.',
      );
}

async function checkFile(store: Store, path: string): Promise<Finding> {
  // Waits for the write lock, which a file that can only be read does not give.
  await store.transaction().execute(async () => {});
  return ok('store', `SQLite can be read and written: ${path}.`);
}

async function checkServer(store: Store): Promise<Finding> {
  const { rows } = await sql<{ version: string; read_only: string }>`
    select current_setting('server_version') as version,
      current_setting('transaction_read_only') as read_only`.execute(store);
  const [{ version, read_only } = { version: '', read_only: '' }] = rows;
  return read_only === 'on'
    ? refuse(
        'store',
        `PostgreSQL ${version} answers, but can only be read: nobody can log in.`,
        'Name the primary in DATABASE_URL, or make the database writable.',
      )
    : ok('store', `PostgreSQL ${version} can be read and written.`);
}

async function checkMigrations(store: Store): Promise<Finding> {
  const { pending, newer } = await findPending(store);
  if (newer.length > 0) {
    return warn(
      'migrations',
      `A newer version changed the tables (${newer.join(', ')}).`,
      'Nothing, if this version is to run beside the next one; otherwise deploy the newer version.',
    );
  }
  return pending.length > 0
    ? warn(
        'migrations',
        `Not applied yet: ${pending.join(', ')}.`,
        'Start the server: it applies them. Back the database up before, if it holds users.',
      )
    : ok('migrations', 'The tables are up to date.');
}

/** Reads the limits that count on a connection: poolers drop those that it was opened with. */
async function checkTimeLimits(store: Store): Promise<Finding> {
  const limits = new Map([
    ['statement_timeout', requestTimeouts.statementMs],
    ['lock_timeout', requestTimeouts.lockMs],
    ['idle_in_transaction_session_timeout', IDLE_IN_TRANSACTION_MS],
  ]);
  const { rows } = await sql<{ name: string; ms: number }>`
    select name, cast(setting as bigint) as ms from pg_settings
    where name in (${sql.join([...limits.keys()])})`.execute(store);
  const longer = rows.filter(({ name, ms }) => ms === 0 || ms > (limits.get(name) ?? 0));
  return longer.length > 0
    ? warn(
        'time limits',
        `The database, or a pooler in front, does not keep to ${longer.map(({ name }) => name).join(', ')} outside transactions: a slow query goes on after its request was given up.`,
        `Set for its user: ${longer.map(({ name }) => `alter role … set ${name} = ${limits.get(name)}`).join('; ')} (milliseconds).`,
      )
    : ok(
        'time limits',
        `PostgreSQL ends a statement after ${requestTimeouts.statementMs} ms, and stalled transactions.`,
      );
}

/** Sends and subscribes as the server does; null where Redis is not used. */
export async function checkRedis({ redisUrl }: Config): Promise<Finding | null> {
  if (redisUrl === null) {
    return null;
  }
  const error = await tryRedis(redisUrl);
  return error === null
    ? ok('redis', 'Redis takes and delivers notifications.')
    : warn(
        'redis',
        `Redis cannot be used: ${reasonOf(error)}. Processes notify each other through the database.`,
        'Check REDIS_URL, that Redis runs and lets this machine in, and that its user may publish and subscribe to call-login:changed.',
      );
}
