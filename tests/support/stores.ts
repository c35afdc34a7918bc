import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import * as z from 'zod';
import { migrate } from '#lib/store/migrate.ts';
import { openStore, type StorePlace } from '#lib/store/open.ts';
import { openPostgres } from '#lib/store/postgres.ts';
import type { Store } from '#lib/store/schema.ts';
import { openSqlite } from '#lib/store/sqlite.ts';
import { createDatabase, execute, type PostgresServer } from './postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The database that the tests of a project run on. */
    dialect: 'SQLite' | 'PostgreSQL';
  }
}

/** A fresh database that any number of processes can open. */
export interface TestDatabase {
  /** Where to open it. A database in memory can be opened only in this process. */
  place: StorePlace;
  /** Opens it as another process would: with its own connections, except on SQLite. */
  open(): Store;
}

/** A migrated database for one test, on a server of its own. */
export async function provideDatabaseOn(server: PostgresServer): Promise<TestDatabase> {
  return openOnServer((await createMigrated(server.url)).url);
}

/** An empty database for one test, without tables. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return inject('dialect') === 'SQLite'
    ? openSqliteAt(':memory:')
    : openOnServer(await createDatabase(inject('postgresUrl')));
}

/** A migrated database for one test, without rows. */
export async function provideTestDatabase(): Promise<TestDatabase> {
  if (inject('dialect') === 'SQLite') {
    const database = openSqliteAt(':memory:');
    await migrate(database.open());
    return database;
  }
  const database = cleanDatabases.pop() ?? (await createMigrated(inject('postgresUrl')));
  return openOnServer(database.url, async () => {
    // Tests may drop tables; such a database is not reused.
    if ((await tablesOf(database.url)) === database.tables) {
      await execute(database.url, `truncate ${database.tables} restart identity`);
      cleanDatabases.push(database);
    }
  });
}

/** Like `provideTestDatabase`, but other processes can open it: on SQLite it is a file. */
export async function provideSharedDatabase(): Promise<TestDatabase> {
  if (inject('dialect') === 'PostgreSQL') {
    return await provideTestDatabase();
  }
  const folder = await mkdtemp(join(tmpdir(), 'call-login-'));
  const database = openSqliteAt(join(folder, 'call-login.db'), () =>
    rm(folder, { recursive: true }),
  );
  await migrate(database.open());
  return database;
}

/** Opens a migrated database for one test. */
export async function openTestStore(): Promise<Store> {
  return (await provideTestDatabase()).open();
}

interface MigratedDatabase {
  url: string;
  tables: string;
}

async function createMigrated(serverUrl: string): Promise<MigratedDatabase> {
  const url = await createDatabase(serverUrl);
  const store = openPostgres({ url, poolSize: 1 });
  await migrate(store);
  await store.destroy();
  return { url, tables: await tablesOf(url) };
}

/** The names of all tables except Kysely's own, separated by commas. */
async function tablesOf(url: string): Promise<string> {
  const rows = await execute(
    url,
    "select tablename from pg_tables where schemaname = 'public' and tablename not like 'kysely_%'",
  );
  const names = z.array(z.object({ tablename: z.string() })).parse(rows);
  return names
    .map(({ tablename }) => tablename)
    .toSorted()
    .join(', ');
}

function openSqliteAt(path: string, remove: () => Promise<void> = async () => {}): TestDatabase {
  // One process has one connection to a SQLite database.
  const store = openSqlite(path);
  onTestFinished(async () => {
    await store.destroy();
    await remove();
  });
  return { place: { kind: 'sqlite', path }, open: () => store };
}

function openOnServer(url: string, release: () => Promise<void> = async () => {}): TestDatabase {
  const place = { kind: 'postgres', url, poolSize: 10 } as const;
  const opened: Store[] = [];
  onTestFinished(async () => {
    await Promise.all(opened.map((store) => store.destroy()));
    await release();
  });
  return {
    place,
    open() {
      const store = openStore(place);
      opened.push(store);
      return store;
    },
  };
}

/**
 * Migrated databases without rows, which the tests of a file reuse. The first one is created before the
 * tests begin, since some of them have tight timeouts.
 */
const cleanDatabases: MigratedDatabase[] =
  inject('dialect') === 'PostgreSQL' ? [await createMigrated(inject('postgresUrl'))] : [];
