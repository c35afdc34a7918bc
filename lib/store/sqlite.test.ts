import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type RawBuilder, sql } from 'kysely';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { newSession } from '#tests/support/sessions.ts';
import { newPhoneNumber } from '#tests/support/test-login.ts';
import { setPauthSession } from './attempts.ts';
import { confirmAttempt } from './browsers.ts';
import { leaseCheck, releaseCheck, scheduleCheckForCallback } from './checks.ts';
import { describeStoreFailure } from './describe-failure.ts';
import { isStoreFailure } from './failure.ts';
import { migrate } from './migrate.ts';
import type { Store } from './schema.ts';
import { findSession, insertSession } from './sessions.ts';
import { createFolder, openSqlite } from './sqlite.ts';
import { findUserByPhoneNumber, insertUser } from './users.ts';

async function newPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'call-login-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'missing', 'folders', 'call-login.db');
}

async function openStore(path: string): Promise<Store> {
  const store = openSqlite(path);
  onTestFinished(() => store.destroy());
  await migrate(store);
  return store;
}

const addUser = (store: Store, id = 'user', phoneNumber = newPhoneNumber()) =>
  insertUser(store, { id, phoneNumber, createdAt: 0 });

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a database file', () => {
  it('and the files beside it can be read by their owner alone', async () => {
    const path = await newPath();
    // In a folder that was there before, with its own mode.
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await addUser(await openStore(path));
    for (const suffix of ['', '-wal', '-shm']) {
      expect((await stat(path + suffix)).mode & 0o777, suffix).toBe(0o600);
    }
  });

  it('is created with its folder and with our settings', async () => {
    const store = await openStore(await newPath());
    const pragma = async (query: RawBuilder<unknown>) => (await query.execute(store)).rows;
    expect(await pragma(sql`PRAGMA journal_mode`)).toEqual([{ journal_mode: 'wal' }]);
    // Normal: the log is flushed by `durableTransaction` (tests/login/power-failure.test.ts).
    expect(await pragma(sql`PRAGMA synchronous`)).toEqual([{ synchronous: 1 }]);
    expect(await pragma(sql`PRAGMA foreign_keys`)).toEqual([{ foreign_keys: 1 }]);
    expect(await pragma(sql`PRAGMA busy_timeout`)).toEqual([{ timeout: 2_000 }]);
  });

  it('shows what one connection has committed to the others', async () => {
    const path = await newPath();
    const [one, other] = [await openStore(path), await openStore(path)];
    const phoneNumber = newPhoneNumber();
    await one.transaction().execute(async (transaction) => {
      await insertUser(transaction, { id: 'user', phoneNumber, createdAt: 0 });
      const times = { created_at: 0, expires_at: 1 };
      await insertSession(transaction, newSession({ id_hash: 'hash', user_id: 'user', ...times }));
      expect(await findSession(other, 'hash')).toBeNull();
    });
    expect(await findSession(other, 'hash')).toMatchObject({ user: { phone_number: phoneNumber } });
  });

  it('gets the same statements for different times, so that the statement cache stays small', async () => {
    const store = await openStore(await newPath());
    const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
    onTestFinished(() => prepare.mockRestore());
    const checkOnce = async (now: number) => {
      const lease = { now, leasedUntil: now + 4_000 };
      await setPauthSession(
        store,
        'id',
        { pauthSessionId: 'pauth', callNumber: newPhoneNumber() },
        now,
      );
      await scheduleCheckForCallback(
        store,
        { id: 'id', called_back_at: null },
        { now, checkAt: now + 1 },
      );
      await leaseCheck(store, 'id', 'pending', lease);
      await releaseCheck(store, 'id', {
        ...lease,
        nextCheckAt: now + 2_000,
        failures: 0,
      });
      await confirmAttempt(store, 'id', now);
    };
    await checkOnce(1);
    expect(prepare).toHaveBeenCalled();
    prepare.mockClear();
    await checkOnce(2);
    expect(prepare).not.toHaveBeenCalled();
  });

  it('keeps its data when it is reopened', async () => {
    const path = await newPath();
    const phoneNumber = newPhoneNumber();
    const before = openSqlite(path);
    await migrate(before);
    await addUser(before, 'user', phoneNumber);
    await before.destroy();
    const after = await openStore(path);
    expect(await findUserByPhoneNumber(after, phoneNumber)).toMatchObject({ id: 'user' });
  });

  it('loses nothing when two processes write at the same time', async () => {
    const path = await newPath();
    const store = await openStore(path);
    await addUser(store);
    const rounds = 150;
    const program = `
      import { openSqlite } from ${JSON.stringify(new URL('sqlite.ts', import.meta.url).href)};
      const store = openSqlite(${JSON.stringify(path)});
      process.stdout.write('ready');
      const count = ${countUp.toString()};
      for (let round = 0; round < ${rounds}; round += 1) await count(store);
      await store.destroy();`;
    const other = spawn(
      process.execPath,
      ['--conditions=react-server', '--input-type=module', '--eval', program],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ended = once(other, 'exit');
    await once(other.stdout, 'data');
    for (let round = 0; round < rounds; round += 1) {
      await countUp(store);
    }
    expect(await ended).toEqual([0, null]);
    expect(await store.selectFrom('users').select('last_login_at').execute()).toEqual([
      { last_login_at: 2 * rounds },
    ]);
  });
});

/** Reads and then writes in one transaction, as starting and completing an attempt do. */
async function countUp(store: Store): Promise<void> {
  await store.transaction().execute(async (transaction) => {
    const user = await transaction
      .selectFrom('users')
      .select('last_login_at')
      .executeTakeFirstOrThrow();
    await transaction
      .updateTable('users')
      .set({ last_login_at: (user.last_login_at ?? 0) + 1 })
      .execute();
  });
}

describe('a folder on a network file system', () => {
  // None can be mounted here: the type is what statfs(2) says of an NFS or SMB mount.
  it.each([
    [0x6969, 'NFS'],
    [0xfe534d42, 'SMB'],
  ])('is refused: %i', async (type, name) => {
    const path = await newPath();
    const error = await failureOf((async () => createFolder(dirname(path), () => type))());
    expect(isStoreFailure(error)).toBe(true);
    expect(describeStoreFailure(error, { kind: 'sqlite', path })).toMatch(
      new RegExp(`^DATABASE_URL [^\\n]+${path}: .*${name}.* Name a file on a local disk, .*\\.$`),
    );
  });
});

describe('isStoreFailure', () => {
  it('is true for a read-only database', async () => {
    const store = await openStore(await newPath());
    await sql`PRAGMA query_only = ON`.execute(store);
    expect(isStoreFailure(await failureOf(addUser(store)))).toBe(true);
  });

  it('is true for a full disk', async () => {
    const store = await openStore(await newPath());
    await sql`PRAGMA max_page_count = 1`.execute(store);
    const long = 'x'.repeat(1_000_000);
    expect(isStoreFailure(await failureOf(addUser(store, long)))).toBe(true);
  });

  it('is true for a database locked by another process', async () => {
    const path = await newPath();
    const [one, other] = [await openStore(path), await openStore(path)];
    await sql`PRAGMA busy_timeout = 0`.execute(other);
    await one.transaction().execute(async () => {
      expect(isStoreFailure(await failureOf(addUser(other)))).toBe(true);
    });
  });

  it('is true for a file that is not a database', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'call-login-store-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'call-login.db');
    await writeFile(path, 'not a database, but long enough for its header to be read'.repeat(100));
    expect(isStoreFailure(await failureOf(openAsync(path)))).toBe(true);
  });

  it('is false for a violated constraint, which is a bug', async () => {
    const store = await openStore(':memory:');
    const times = { created_at: 0, expires_at: 0 };
    const orphan = newSession({ id_hash: 'hash', user_id: 'nobody', ...times });
    const failure = await failureOf(insertSession(store, orphan));
    expect(failure).toBeInstanceOf(Error);
    expect(isStoreFailure(failure)).toBe(false);
  });

  it.each([new Error('boom'), new TypeError('x is not a function'), 'ERR_SQLITE_ERROR', null])(
    'is false for %s',
    (error) => {
      expect(isStoreFailure(error)).toBe(false);
    },
  );
});

async function openAsync(path: string): Promise<Store> {
  return openSqlite(path);
}
