import { StatementSync } from 'node:sqlite';
import pg from 'pg';
import type { Store } from '#lib/store/schema.ts';

/** Called around each call that may be made to fail. */
export type Hook = (name: string, when: 'before' | 'after') => void;

/** The same part, with `hook` called before and after each call of one of its functions. */
export function withHook<Part extends object>(name: string, part: Part, hook: Hook): Part {
  return new Proxy(part, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') {
        return value;
      }
      const called = `${name}.${String(key)}`;
      return (...values: unknown[]) => {
        hook(called, 'before');
        const result: unknown = Reflect.apply(value, target, values);
        if (result instanceof Promise) {
          return result.then((settled: unknown) => {
            hook(called, 'after');
            return settled;
          });
        }
        hook(called, 'after');
        return result;
      };
    },
  });
}

/**
 * Has `hook` called around each SQL statement that this process runs from now on, on SQLite and on PostgreSQL,
 * commits included; after one that fails it is not called.
 *
 * @returns puts things back.
 */
export function hookStatements(hook: Hook): () => void {
  const unhookSqlite = hookSqlite(hook);
  const unhookPostgres = hookPostgres(hook);
  return () => {
    unhookSqlite();
    unhookPostgres();
  };
}

function hookSqlite(hook: Hook): () => void {
  const { prototype } = StatementSync;
  const originals = { all: prototype.all, run: prototype.run, get: prototype.get };
  for (const key of ['all', 'run', 'get'] as const) {
    const original = originals[key];
    Object.defineProperty(prototype, key, {
      configurable: true,
      writable: true,
      value(this: StatementSync, ...values: unknown[]): unknown {
        hook(this.sourceSQL, 'before');
        const result: unknown = Reflect.apply(original, this, values);
        hook(this.sourceSQL, 'after');
        return result;
      },
    });
  }
  return () => {
    Object.assign(prototype, originals);
  };
}

/** The same store; something happens after each statement, before its result is known. */
export function afterStatements(store: Store, happen: () => Promise<void>): Store {
  return store.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      await happen();
      return result;
    },
  });
}

function hookPostgres(hook: Hook): () => void {
  const { prototype } = pg.Client;
  const original = prototype.query;
  Object.defineProperty(prototype, 'query', {
    configurable: true,
    writable: true,
    async value(this: pg.Client, ...values: unknown[]): Promise<unknown> {
      const sql = String(values[0]);
      hook(sql, 'before');
      const result: unknown = await Reflect.apply(original, this, values);
      hook(sql, 'after');
      return result;
    },
  });
  return () => {
    Object.assign(prototype, { query: original });
  };
}

/** Has `hook` called around each request that this process sends by `fetch`, and its answer, from now on. */
export function hookRequests(hook: Hook): void {
  const original = globalThis.fetch;
  globalThis.fetch = async (...request) => {
    hook('request', 'before');
    const response = await original(...request);
    hook('request', 'after');
    return response;
  };
}

/** What SQLite says when a disk fails it: https://sqlite.org/rescode.html#ioerr. */
export function diskError(): Error {
  return Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 });
}
