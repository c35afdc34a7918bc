import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { diskError, hookStatements } from './faults.ts';

/**
 * Makes the nth SQL statement of another process fail, or kills it there. That process is unchanged but for
 * `NODE_OPTIONS=--import <this file>` and `FAILING_STATEMENTS=<a path>`; the order is left at the path.
 */
const orderSchema = z.object({
  id: z.string(),
  nth: z.number(),
  kind: z.enum(['disk', 'mistake', 'kill']),
});

/** `disk`: what a failing disk brings about; `mistake`: what only a fault of ours does. */
export type FaultKind = 'disk' | 'mistake';

/** The side of the test: orders failures of the process that watches `path`. */
export function orderFailures(path: string) {
  return {
    order(nth: number, kind: FaultKind | 'kill'): void {
      rmSync(`${path}.done`, { force: true });
      writeFileSync(path, JSON.stringify({ id: randomUUID(), nth, kind }));
    },
    /** Takes the order back. @returns whether it was carried out. */
    lift(): boolean {
      rmSync(path, { force: true });
      return existsSync(`${path}.done`);
    },
  };
}

const { FAILING_STATEMENTS: path } = process.env;
if (path !== undefined) {
  let current = { id: '', count: 0 };
  hookStatements((_sql, when) => {
    if (when === 'after' || !existsSync(path)) {
      return;
    }
    const { id, nth, kind } = orderSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
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
