import 'server-only';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { RateLimiterSQLite } from 'rate-limiter-flexible';
import { closeAtExit } from '../store/at-exit.ts';
import { counterOf } from './library-counter.ts';
import type { CreateCounter } from './start-limits.ts';

/**
 * Makes counters in a separate SQLite file: processes that share the file share the limits, and counts
 * survive a restart. In the main database a count would have to wait for other requests' transactions,
 * and its commit for the disk.
 *
 * @param path a file, or `:memory:`.
 */
export function createSqliteCounters(path: string): CreateCounter {
  const database = new DatabaseSync(path, { timeout: 2_000 });
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS limits (
      key TEXT PRIMARY KEY,
      points INTEGER NOT NULL DEFAULT 0,
      expire INTEGER
    );
  `);
  closeAtExit(() => database.close());
  const statements = new Map<string, ReturnType<typeof adapt>>();
  const storeClient = {
    // The library prepares the same few statements again for each count.
    prepare(sql: string) {
      const statement = statements.get(sql) ?? adapt(database.prepare(sql));
      statements.set(sql, statement);
      return statement;
    },
    // Each of the library's transactions is a single statement and therefore already atomic.
    transaction: <T>(run: () => T) => run,
  };
  return (name, limit) =>
    counterOf(
      new RateLimiterSQLite({
        storeClient,
        storeType: 'better-sqlite3',
        tableName: 'limits',
        tableCreated: true,
        keyPrefix: name,
        clearExpiredByTimeout: true,
        points: limit.count,
        duration: limit.seconds,
      }),
    );
}

/**
 * Runs each statement to its end. `get` leaves an `INSERT … RETURNING` unfinished, so that the automatic
 * checkpoint never comes and the write-ahead log grows by 36 KB with each count.
 */
function adapt(statement: StatementSync) {
  return {
    get: (...values: SQLInputValue[]) => statement.all(...values)[0],
    run: (...values: SQLInputValue[]) => statement.run(...values),
  };
}
