import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { diskError, hookRequests, hookStatements } from './faults.ts';

/**
 * Makes the nth SQL statement of another process fail, or kills it after its nth step: a statement or a
 * vendor answer. The process runs with `NODE_OPTIONS=--import <this file>` and reads the fault to inject from
 * the file at `FAILING_STATEMENTS`.
 */
const faultSchema = z.object({
  id: z.string(),
  nth: z.number(),
  kind: z.enum(['disk', 'bug', 'kill']),
});

/** `disk`: the error of a failing disk; `bug`: an unexpected error. */
export type FaultKind = 'disk' | 'bug';

const doneAt = (path: string) => `${path}.done`;

/** The test's side: injects faults into the process whose `FAILING_STATEMENTS` is `path`. */
export function createFaultInjector(path: string) {
  const donePath = doneAt(path);
  return {
    /** The variables to start that process with. */
    env: { NODE_OPTIONS: `--import ${import.meta.url}`, FAILING_STATEMENTS: path },
    arm(nth: number, kind: FaultKind | 'kill'): void {
      rmSync(donePath, { force: true });
      writeFileSync(path, JSON.stringify({ id: randomUUID(), nth, kind }));
    },
    /** Removes the fault. @returns the step at which it was injected; null if it was not. */
    disarm(): string | null {
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
    const { id, nth, kind } = faultSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    if (!isTime(kind)) {
      return;
    }
    current = { id, count: current.id === id ? current.count + 1 : 1 };
    if (current.count === nth) {
      writeFileSync(doneAt(path), name);
      if (kind === 'kill') {
        process.kill(process.pid, 'SIGKILL');
      }
      throw kind === 'disk' ? diskError() : new Error('a bug about "canary" and +819012345678');
    }
  };
  // A kill comes after the statement has taken effect, an error before it.
  hookStatements((sql, when) => countUpTo(sql, (kind) => (when === 'after') === (kind === 'kill')));
  hookRequests((name, when) => countUpTo(name, (kind) => when === 'after' && kind === 'kill'));
}
