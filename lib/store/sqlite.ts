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
  }
  const database = new DatabaseSync(path, {
    enableForeignKeyConstraints: true,
    timeout: BUSY_TIMEOUT_MS,
  });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  return new Kysely<Tables>({ dialect: new Dialect({ database: adapt(database) }) });
}

/** Lets migrations run in a transaction, so that a killed or concurrent one does no harm. */
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

/** Checks that SQLite can store every value of a query. */
function bindable(values: readonly unknown[]): SQLInputValue[] {
  return values.map((value) => {
    if (!isBindable(value)) {
      throw new TypeError(`SQLite cannot store a ${typeof value}`);
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
      // With the write lock taken at the beginning, a transaction that reads before it writes waits for
      // other processes instead of failing when one of them has written in between.
      const begin = wrap(database.prepare('begin immediate'));
      return withHooks(begin, { before: () => database.exec('PRAGMA synchronous = FULL') });
    }
    case 'commit':
    case 'rollback': {
      const end = wrap(database.prepare(sql));
      return withHooks(sql === 'rollback' ? ignoringNoTransaction(end) : end, {
        after: () => database.exec('PRAGMA synchronous = NORMAL'),
      });
    }
    default:
      return wrap(database.prepare(sql));
  }
}

function wrap(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (values) => statement.all(...bindable(values)),
    run: (values) => statement.run(...bindable(values)),
    iterate: (values) => statement.iterate(...bindable(values)),
  };
}

function withHooks(
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
 * On a full or failing disk SQLite rolls back by itself (https://sqlite.org/lang_transaction.html). The
 * error of the redundant rollback would hide the disk's.
 */
function ignoringNoTransaction(rollback: SqliteStatement): SqliteStatement {
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
