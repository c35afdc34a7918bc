import 'server-only';
import { closeSync, fdatasync, fsyncSync, mkdirSync, openSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  DatabaseSync,
  type SQLInputValue,
  type SQLOutputValue,
  type StatementSync,
} from 'node:sqlite';
import { promisify } from 'node:util';
import {
  CompiledQuery,
  type DatabaseConnection,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type SqliteStatement,
} from 'kysely';
import { closeAtExit } from './at-exit.ts';
import type { FlushingAdapter } from './dialect.ts';
import { StoreUnreachable } from './failure.ts';
import { openDialect, type Preparation } from './prepared.ts';
import type { Store } from './schema.ts';

/** How long a write waits for another process's write. */
const BUSY_TIMEOUT_MS = 2_000;

/**
 * Opens the embedded database, creating its file and folder if missing.
 *
 * A killed process loses nothing that was committed. A power failure undoes what was committed since the log was last
 * flushed (WAL with `synchronous=NORMAL`): `durableTransaction` flushes it, for all that was committed before.
 *
 * @param path a file, or `:memory:`.
 * @param prepare see `openDialect`.
 */
export function openSqlite(path: string, prepare?: Preparation): Store {
  if (path !== ':memory:') {
    createFolder(dirname(path));
    createPrivateFile(path);
  }
  const database = new DatabaseSync(path, {
    enableForeignKeyConstraints: true,
    timeout: BUSY_TIMEOUT_MS,
  });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  // Where symbolic links lead to; null in memory.
  const location = database.location();
  const log = location === null ? null : new WriteAheadLog(`${location}-wal`);
  const dialect = {
    createAdapter: () => new Adapter(log),
    createDriver: () => new Driver(database, log),
    createIntrospector: (db: Store) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  return openDialect(dialect, prepare);
}

/**
 * The `f_type` of statfs(2) for file systems on other machines, with whose locks and shared memory SQLite's
 * WAL does not work: https://sqlite.org/wal.html
 */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x5346414f, 'AFS'],
]);

/** @param typeOf the `f_type` of a folder's file system. */
export function createFolder(
  folder: string,
  typeOf = (path: string) => statfsSync(path).type,
): void {
  let network: string | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    network = networkFileSystems.get(typeOf(folder));
  } catch (error) {
    throw new StoreUnreachable('the folder of the database cannot be created', { cause: error });
  }
  if (network !== undefined) {
    throw new StoreUnreachable(
      `its folder is on a network file system (${network}), on which SQLite loses data`,
    );
  }
}

/** SQLite gives the files beside the database its mode. They hold phone numbers. */
function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch {
    // SQLite says what is wrong, or reads what it may not write.
  }
}

/**
 * SQLite's log of commits, flushed without blocking the process: SQLite itself (`synchronous=FULL`) blocks it for each commit,
 * several milliseconds on a slow disk. SQLite never locks this file, so it may be opened beside it, and keeps it until the
 * last connection is closed (https://sqlite.org/walformat.html).
 */
class WriteAheadLog {
  readonly #path: string;
  #file: number | null = null;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Flushes all that has been committed. Commits during a flush share the next one. */
  async flush(): Promise<void> {
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#next = null;
        this.#running = this.#write();
        return this.#running;
      });
    await this.#next;
  }

  async #write(): Promise<void> {
    try {
      this.#file ??= this.#open();
      await promisify(fdatasync)(this.#file);
    } catch (cause) {
      throw new StoreUnreachable('the disk does not confirm a commit', { cause });
    }
  }

  /** The first commit has created it. Its folder is flushed too, without which a new file may be lost. */
  #open(): number {
    // Windows flushes only files that are open for writing, and no folders.
    const file = openSync(this.#path, 'r+');
    if (process.platform !== 'win32') {
      const folder = openSync(dirname(this.#path), 'r');
      fsyncSync(folder);
      closeSync(folder);
    }
    return file;
  }

  close(): void {
    if (this.#file !== null) {
      closeSync(this.#file);
      this.#file = null;
    }
  }
}

class Adapter extends SqliteAdapter implements FlushingAdapter {
  readonly #log: WriteAheadLog | null;

  constructor(log: WriteAheadLog | null) {
    super();
    this.#log = log;
  }

  async flush(): Promise<void> {
    await this.#log?.flush();
  }

  /** Lets migrations run in a transaction, so that a killed or concurrent one does no harm. */
  override get supportsTransactionalDdl() {
    return true;
  }
}

class Driver extends SqliteDriver {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync, log: WriteAheadLog | null) {
    super({ database: adapt(database, log) });
    this.#database = database;
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // With the write lock taken at the beginning, a transaction that reads before it writes waits for
    // other processes instead of failing when one of them has written in between.
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // On a full or failing disk SQLite has already rolled back (https://sqlite.org/lang_transaction.html),
    // and the error of a second rollback would hide the disk's.
    if (this.#database.isTransaction) {
      await super.rollbackTransaction(connection);
    }
  }
}

/** Adapts the database to better-sqlite3's interface, which Kysely expects. */
function adapt(database: DatabaseSync, log: WriteAheadLog | null): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  const unregister = closeAtExit(() => database.close());
  return {
    close: () => {
      unregister();
      log?.close();
      database.close();
    },
    prepare(sql) {
      const statement = statements.get(sql) ?? adaptStatement(database.prepare(sql));
      statements.set(sql, statement);
      return statement;
    },
  };
}

/**
 * Rows come as arrays and become objects here. Those that `node:sqlite` makes are dictionaries, as are objects to which more
 * than a dozen computed names were added: V8 keeps them in eight times the memory, and reads them more slowly (measured
 * with 22 columns). Copies of an object that has the names already are none.
 */
function adaptStatement(statement: StatementSync): SqliteStatement {
  statement.setReturnArrays(true);
  let names = namesOf(statement);
  let emptyRow = emptyRowOf(names);
  const toRow = (values: Record<string, SQLOutputValue>) => {
    if (values.length !== names.length) {
      // A migration has added a column since the statement was prepared.
      names = namesOf(statement);
      emptyRow = emptyRowOf(names);
    }
    const row = { ...emptyRow };
    for (const [index, name] of names.entries()) {
      row[name] = values[index] ?? null;
    }
    return row;
  };
  const all = (values: readonly unknown[]) => statement.all(...bindable(values)).map(toRow);
  return {
    reader: names.length > 0,
    all,
    run: (values) => statement.run(...bindable(values)),
    // Kysely streams with it, which nothing here does.
    iterate: (values) => all(values).values(),
  };
}

function namesOf(statement: StatementSync): string[] {
  return statement.columns().map(({ name }) => name);
}

function emptyRowOf(names: readonly string[]): Record<string, SQLOutputValue> {
  return Object.fromEntries(names.map((name) => [name, null]));
}

/** Checks that every value of a query is of a type that the tables hold. */
function bindable(values: readonly unknown[]): SQLInputValue[] {
  return values.map((value) => {
    if (value === null || typeof value === 'string' || typeof value === 'number') {
      return value;
    }
    throw new TypeError(`no column holds a ${typeof value}`);
  });
}
