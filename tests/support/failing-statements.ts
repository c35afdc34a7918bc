import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { diskError, hookRequests, hookStatements } from './faults.ts';

/**
 * Makes the nth SQL statement of another process fail, or kills it after the nth of its steps: a statement, or an
 * answer of the vendor's. That process is unchanged but for `NODE_OPTIONS=--import <this file>` and
 * `FAILING_STATEMENTS=<a path>`; the order is left at the path.
 */
const orderSchema = z.object({
  id: z.string(),
  nth: z.number(),
  kind: z.enum(['disk', 'mistake', 'kill']),
});

/** `disk`: what a failing disk brings about; `mistake`: what only a fault of ours does. */
export type FaultKind = 'disk' | 'mistake';

const doneAt = (path: string) => `${path}.done`;

/** The side of the test: orders failures of the process that watches `path`. */
export function orderFailures(path: string) {
  const donePath = doneAt(path);
  return {
    /** What that process is started with. */
    env: { NODE_OPTIONS: `--import ${import.meta.url}`, FAILING_STATEMENTS: path },
    order(nth: number, kind: FaultKind | 'kill'): void {
      rmSync(donePath, { force: true });
      writeFileSync(path, JSON.stringify({ id: randomUUID(), nth, kind }));
    },
    /** Takes the order back. @returns after or before which step it was carried out, null if it was not. */
    lift(): string | null {
      rmSync(path, { force: true });
      return existsSync(donePath) ? readFileSync(donePath, 'utf8') : null;
    },
  };
}

const { FAILING_STATEMENTS: path } = process.env;
if (path !== undefined) {
  let current = { id: '', count: 0 };
  const countUpTo = (name: string, isTime: (kind: FaultKind | 'kill') => boolean) => {
    if (!existsSync(path)) {
      return;
    }
    const { id, nth, kind } = orderSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    if (!isTime(kind)) {
      return;
    }
    current = { id, count: current.id === id ? current.count + 1 : 1 };
    if (current.count === nth) {
      writeFileSync(doneAt(path), name);
      if (kind === 'kill') {
        process.kill(process.pid, 'SIGKILL');
      }
      throw kind === 'disk' ? diskError() : new Error('a mistake about "canary" and +819012345678');
    }
  };
  // A process that is killed leaves behind what the statement did.
  hookStatements((sql, when) => countUpTo(sql, (kind) => (when === 'after') === (kind === 'kill')));
  hookRequests((name, when) => countUpTo(name, (kind) => when === 'after' && kind === 'kill'));
}
