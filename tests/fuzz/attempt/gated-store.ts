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

/** Awaited before each statement or transaction begins, to decide whose turn it is. */
export type Barrier = (what: string) => Promise<void>;

/** Lets one connection work at a time: what the file's lock does for processes, without blocking this one. */
export class Lock {
  #last: Promise<void> = Promise.resolve();

  async take(): Promise<() => void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    return resolve;
  }
}

/**
 * The same store, whose statements and transactions each pass a barrier and then a lock. Two stores
 * on one file in one process would wait for each other for ever otherwise.
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
    const unlock = await this.#lock.take();
    return await new Promise((resolve, reject) => {
      this.#store
        .getExecutor()
        .provideConnection(async (real) => {
          const { promise, resolve: release } = Promise.withResolvers<void>();
          // One object each time, as the inner store has one connection alone.
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
