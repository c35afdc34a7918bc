import 'server-only';
import { type Dialect, Kysely } from 'kysely';
import type { Store, Tables } from './schema.ts';

/** Makes a database fit for use over the store it is given, or fails. */
export type Preparation = (store: Store) => Promise<void>;

/**
 * Opens a database of a dialect. With `prepare`, the first statement waits until that is done, and fails as it
 * does; the statement after that tries again. Statements at the same time wait together.
 */
export function openDialect(dialect: Dialect, prepare?: Preparation): Store {
  const store = new Kysely<Tables>({ dialect });
  if (prepare === undefined) {
    return store;
  }
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => dialect.createAdapter(),
      createIntrospector: (db) => dialect.createIntrospector(db),
      createQueryCompiler: () => dialect.createQueryCompiler(),
      createDriver() {
        const driver = dialect.createDriver();
        const init = driver.init.bind(driver);
        // Kysely awaits it before the first connection, and calls it again after a failure.
        driver.init = async (options) => {
          await init(options);
          await prepare(store);
        };
        return driver;
      },
    },
  });
}
