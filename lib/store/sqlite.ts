import 'server-only';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type SqliteStatement,
} from 'kysely';
import { closeAtExit } from './at-exit.ts';
import type { Store, Tables } from './schema.ts';

/** How long a write waits for another process's write. */
const BUSY_TIMEOUT_MS = 2_000;

/**
 * Opens the embedded database, creating its file and folder if missing.
 *
 * Transactions are flushed to disk before they return (WAL with `synchronous=FULL`), so a confirmed login
 * survives a power failure. Statements outside a transaction are not (`NORMAL`): a power failure before the
 * next transaction loses them. A killed process loses neither.
 *
 * @param path a file, or `:memory:`.
 */
export function openSqlite(path: string): Store {
  if (path !== ':memory:') {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    createPrivateFile(path);
  }
  const database = new DatabaseSync(path, {
    enableForeignKeyConstraints: true,
    timeout: BUSY_TIMEOUT_MS,
  });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new Adapter(),
      createDriver: () => new Driver(database),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
}

/** SQLite gives the files beside the database its mode. They hold phone numbers. */
function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch {
    // SQLite says what is wrong, or reads what it may not write.
  }
}

/** Lets migrations run in a transaction, so that a killed or concurrent one does no harm. */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl() {
    return true;
  }
}

class Driver extends SqliteDriver {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    super({ database: adapt(database) });
    this.#database = database;
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    this.#database.exec('PRAGMA synchronous = FULL');
    // With the write lock taken at the beginning, a transaction that reads before it writes waits for
    // other processes instead of failing when one of them has written in between.
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await super.commitTransaction(connection);
    this.#database.exec('PRAGMA synchronous = NORMAL');
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // On a full or failing disk SQLite has already rolled back (https://sqlite.org/lang_transaction.html),
    // and the error of a second rollback would hide the disk's.
    if (this.#database.isTransaction) {
      await super.rollbackTransaction(connection);
    }
    this.#database.exec('PRAGMA synchronous = NORMAL');
  }
}

/** Adapts the database to better-sqlite3's interface, which Kysely expects. */
function adapt(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  const unregister = closeAtExit(() => database.close());
  return {
    close: () => {
      unregister();
      database.close();
    },
    prepare(sql) {
      const statement = statements.get(sql) ?? adaptStatement(database.prepare(sql));
      statements.set(sql, statement);
      return statement;
    },
  };
}

function adaptStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (values) => statement.all(...bindable(values)),
    run: (values) => statement.run(...bindable(values)),
    iterate: (values) => statement.iterate(...bindable(values)),
  };
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
