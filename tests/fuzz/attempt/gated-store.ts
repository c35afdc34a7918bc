import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Store, Tables } from '#lib/store/schema.ts';

/** Awaited before each statement or transaction; lets a scheduler decide which one is next. */
export type Barrier = (what: string) => Promise<void>;

/** A mutex: the equivalent of SQLite's file lock between processes, without blocking this one. */
export class Lock {
  #last: Promise<void> = Promise.resolve();

  async acquire(): Promise<() => void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    return resolve;
  }
}

/**
 * Wraps a store so that each statement and transaction passes a barrier and then a lock. Without the lock,
 * two stores on one file in one process would deadlock.
 */
export function gateStore(store: Store, lock: Lock, barrier: Barrier): Store {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new GatedDriver(store, lock, barrier),
      createIntrospector: (database) => new SqliteIntrospector(database),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
}

class GatedDriver implements Driver {
  readonly #store: Store;
  readonly #lock: Lock;
  readonly #barrier: Barrier;
  readonly #releases = new Map<DatabaseConnection, () => void>();

  constructor(store: Store, lock: Lock, barrier: Barrier) {
    this.#store = store;
    this.#lock = lock;
    this.#barrier = barrier;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#barrier('store');
    const unlock = await this.#lock.acquire();
    return await new Promise((resolve, reject) => {
      this.#store
        .getExecutor()
        .provideConnection(async (real) => {
          const { promise, resolve: release } = Promise.withResolvers<void>();
          // A new object each time, since the inner store has only one connection.
          const connection: DatabaseConnection = {
            executeQuery: (query) => real.executeQuery(query),
            streamQuery: (query, chunkSize) => real.streamQuery(query, chunkSize),
          };
          this.#releases.set(connection, release);
          resolve(connection);
          await promise;
        })
        .catch(reject)
        .finally(unlock);
    });
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    this.#releases.get(connection)?.();
    this.#releases.delete(connection);
  }

  async destroy(): Promise<void> {
    await this.#store.destroy();
  }
}
