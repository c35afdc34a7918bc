import { StatementSync } from 'node:sqlite';
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
 * Has `hook` called around each SQL statement that this process runs, commits included, from now on.
 *
 * @returns puts things back.
 */
export function hookStatements(hook: Hook): () => void {
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

/** What SQLite says when a disk fails it: https://sqlite.org/rescode.html#ioerr. */
export function diskError(): Error {
  return Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 });
}
