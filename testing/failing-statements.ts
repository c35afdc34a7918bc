import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { diskError, hookStatements } from './faults.ts';

/**
 * Makes the nth SQL statement of another process fail, or kills it after that. That process is unchanged but for
 * `NODE_OPTIONS=--import <this file>` and `FAILING_STATEMENTS=<a path>`; the order is left at the path.
 */
const orderSchema = z.object({
  id: z.string(),
  nth: z.number(),
  kind: z.enum(['disk', 'mistake', 'kill']),
  counted: z.enum(['every', 'changes']),
});

/** `disk`: what a failing disk brings about; `mistake`: what only a fault of ours does. */
export type FaultKind = 'disk' | 'mistake';

/** The side of the test: orders failures of the process that watches `path`. */
export function orderFailures(path: string) {
  return {
    /** @param counted `changes`: of the statements, only those that change a row, and commits. */
    order(nth: number, kind: FaultKind | 'kill', counted: 'every' | 'changes' = 'every'): void {
      rmSync(`${path}.done`, { force: true });
      writeFileSync(path, JSON.stringify({ id: randomUUID(), nth, kind, counted }));
    },
    /** Takes the order back. @returns whether it was carried out. */
    lift(): boolean {
      rmSync(path, { force: true });
      return existsSync(`${path}.done`);
    },
  };
}

function isChange(sql: string): boolean {
  return /^(insert|update|delete|commit)\b/i.test(sql);
}

const { FAILING_STATEMENTS: path } = process.env;
if (path !== undefined) {
  let current = { id: '', count: 0 };
  hookStatements((sql, when) => {
    if (!existsSync(path)) {
      return;
    }
    const order = orderSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    const { id, nth, kind } = order;
    // A process that is killed leaves behind what the statement did.
    const isTime = when === (kind === 'kill' ? 'after' : 'before');
    if (!isTime || (order.counted === 'changes' && !isChange(sql))) {
      return;
    }
    current = { id, count: current.id === id ? current.count + 1 : 1 };
    if (current.count === nth) {
      writeFileSync(`${path}.done`, '');
      if (kind === 'kill') {
        process.kill(process.pid, 'SIGKILL');
      }
      throw kind === 'disk' ? diskError() : new Error('a mistake about "canary" and +819012345678');
    }
  });
}
