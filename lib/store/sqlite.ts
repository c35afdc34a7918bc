import 'server-only';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import {
  Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteStatement,
} from 'kysely';
import { closeAtExit } from './at-exit.ts';
import type { Store, Tables } from './schema.ts';

/** How long a write waits for another process that is writing. */
const BUSY_TIMEOUT_MS = 2_000;

/**
 * Opens the embedded database, making its file and folder where they do not exist yet.
 *
 * A transaction returns only when it is on the disk (WAL with `synchronous=FULL`): a login that was
 * answered survives the power going out. A statement outside of one does not wait for the disk
 * (`NORMAL`). Should the power go out before the next transaction, which takes it along, it has not
 * happened; a process that is killed loses neither.
 *
 * @param path a file, or `:memory:`.
 */
export function openSqlite(path: string): Store {
  if (path !== ':memory:') {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  }
  const database = new DatabaseSync(path, {
    enableForeignKeyConstraints: true,
    timeout: BUSY_TIMEOUT_MS,
  });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  return new Kysely<Tables>({ dialect: new Dialect({ database: adapt(database) }) });
}

/** Lets migrations run in a transaction, so that one that is killed, or runs twice, does no harm. */
class Dialect extends SqliteDialect {
  override createAdapter() {
    return new Adapter();
  }
}

class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl() {
    return true;
  }
}

/** The values of a query, of which every one must be what SQLite can hold. */
function bindable(values: readonly unknown[]): SQLInputValue[] {
  return values.map((value) => {
    if (!isBindable(value)) {
      throw new TypeError(`SQLite holds no ${typeof value}`);
    }
    return value;
  });
}

function isBindable(value: unknown): value is SQLInputValue {
  return (
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    value === null ||
    value instanceof Uint8Array
  );
}

/** Speaks the interface of better-sqlite3, which is what Kysely asks for. */
function adapt(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  const forget = closeAtExit(() => database.close());
  return {
    close: () => {
      forget();
      database.close();
    },
    prepare(sql) {
      const known = statements.get(sql);
      if (known !== undefined) {
        return known;
      }
      const adapted = adaptStatement(database, sql);
      statements.set(sql, adapted);
      return adapted;
    },
  };
}

function adaptStatement(database: DatabaseSync, sql: string): SqliteStatement {
  switch (sql) {
    case 'begin': {
      // A transaction that reads first and writes later would fail when another process wrote in
      // between; taking the write lock at once makes it wait instead.
      const begin = plain(database.prepare('begin immediate'));
      return runAround(begin, { before: () => database.exec('PRAGMA synchronous = FULL') });
    }
    case 'commit':
    case 'rollback': {
      const end = plain(database.prepare(sql));
      return runAround(sql === 'rollback' ? tolerant(end) : end, {
        after: () => database.exec('PRAGMA synchronous = NORMAL'),
      });
    }
    default:
      return plain(database.prepare(sql));
  }
}

function plain(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (values) => statement.all(...bindable(values)),
    run: (values) => statement.run(...bindable(values)),
    iterate: (values) => statement.iterate(...bindable(values)),
  };
}

function runAround(
  statement: SqliteStatement,
  { before, after }: { before?: () => void; after?: () => void },
): SqliteStatement {
  return {
    ...statement,
    run(values) {
      before?.();
      const outcome = statement.run(values);
      after?.();
      return outcome;
    },
  };
}

/**
 * A full or failing disk makes SQLite roll back by itself (https://sqlite.org/lang_transaction.html),
 * and there is nothing to roll back then: what is to be told is the disk's error, not that.
 */
function tolerant(rollback: SqliteStatement): SqliteStatement {
  return {
    ...rollback,
    run(values) {
      try {
        return rollback.run(values);
      } catch (error) {
        if (error instanceof Error && error.message.includes('no transaction is active')) {
          return { changes: 0, lastInsertRowid: 0 };
        }
        throw error;
      }
    },
  };
}
