import 'server-only';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
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
  const statements = new Map<string, StatementSync>();
  const storeClient = {
    // The library prepares the same few statements again for each count.
    prepare(sql: string) {
      const statement = statements.get(sql) ?? database.prepare(sql);
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
