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
import { createDatabase, execute } from './postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Which database the tests of a project run on: everything must work on both alike. */
    dialect: 'SQLite' | 'PostgreSQL';
  }
}

/** A fresh database, and ways to it for as many processes as there are. */
export interface TestDatabase {
  /** Where it is. What lies in memory is in this process alone. */
  place: StorePlace;
  /** Opens it as one more process does: with connections of its own, where the database allows it. */
  open(): Store;
}

/** An empty database of the test's own, without a single table. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return inject('dialect') === 'SQLite'
    ? openSqliteAt(':memory:')
    : openOnServer(await createDatabase(inject('postgresUrl')));
}

/** A database of the test's own, up to date and without a single row. */
export async function provideTestDatabase(): Promise<TestDatabase> {
  if (inject('dialect') === 'SQLite') {
    const database = openSqliteAt(':memory:');
    await migrate(database.open());
    return database;
  }
  const database = clean.pop() ?? (await createMigrated());
  return openOnServer(database.url, async () => {
    // A test may have dropped a table to see what happens without it.
    if ((await tablesOf(database.url)) === database.tables) {
      await execute(database.url, `truncate ${database.tables} restart identity`);
      clean.push(database);
    }
  });
}

/** The same, where other processes can open it too: on SQLite that takes a file. */
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

/** A database of the test's own, up to date, for one process. */
export async function openTestStore(): Promise<Store> {
  return (await provideTestDatabase()).open();
}

interface MigratedDatabase {
  url: string;
  tables: string;
}

async function createMigrated(): Promise<MigratedDatabase> {
  const url = await createDatabase(inject('postgresUrl'));
  const store = openPostgres(url, 1);
  await migrate(store);
  await store.destroy();
  return { url, tables: await tablesOf(url) };
}

/** Whatever tables there are, besides Kysely's own. */
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
  // A process has one connection to it.
  const store = openSqlite(path);
  onTestFinished(async () => {
    await store.destroy();
    await remove();
  });
  return { place: { kind: 'sqlite', path }, open: () => store };
}

function openOnServer(url: string, giveBack: () => Promise<void> = async () => {}): TestDatabase {
  const place = { kind: 'postgres', url, poolSize: 10 } as const;
  const opened: Store[] = [];
  onTestFinished(async () => {
    await Promise.all(opened.map((store) => store.destroy()));
    await giveBack();
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
 * Databases without rows, for the tests of a file to use one after another. The first is made before
 * they begin, since some of them are timed.
 */
const clean: MigratedDatabase[] =
  inject('dialect') === 'PostgreSQL' ? [await createMigrated()] : [];
