import { subscribe } from 'node:diagnostics_channel';
import { StatementSync } from 'node:sqlite';
import pg from 'pg';
import * as z from 'zod';
import type { Store } from '#lib/store/schema.ts';

/** Called before and after a call; throws to make it fail. */
export type Hook = (name: string, when: 'before' | 'after') => void;

/** Wraps a dependency so that `hook` is called before and after each call of its functions. */
export function withHook<Dependency extends object>(
  name: string,
  dependency: Dependency,
  hook: Hook,
): Dependency {
  return new Proxy(dependency, {
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
 * Calls `hook` before and after each SQL statement of this process, on SQLite and PostgreSQL, commits
 * included; not after one that fails.
 *
 * @returns a function that removes the hook.
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

/** Wraps a store so that `happen` runs after each statement, before its result is returned. */
export function afterStatements(store: Store, happen: () => Promise<void>): Store {
  return store.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      await happen();
      return result;
    },
  });
}

const configSchema = z.object({ text: z.string() });

function hookPostgres(hook: Hook): () => void {
  const { prototype } = pg.Client;
  const original = prototype.query;
  Object.defineProperty(prototype, 'query', {
    configurable: true,
    writable: true,
    async value(this: pg.Client, ...values: unknown[]): Promise<unknown> {
      const [query] = values;
      const sql = typeof query === 'string' ? query : configSchema.parse(query).text;
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

/** Calls `hook` before each request of this process by `node:http` and when its answer has come. */
export function hookRequests(hook: Hook): void {
  subscribe('http.client.request.start', () => hook('request', 'before'));
  subscribe('http.client.response.finish', () => hook('request', 'after'));
}

/** The error of SQLite on a failing disk: https://sqlite.org/rescode.html#ioerr. */
export function diskError(): Error {
  return Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 });
}
