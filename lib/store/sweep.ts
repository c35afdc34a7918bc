import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../observe/log.ts';
import type { Clock } from '../shared/clock.ts';
import { type AgingTable, deleteOldRows } from './old-rows.ts';
import type { Store } from './schema.ts';

/** What clearing away needs from the rest of the house. */
export interface SweepDependencies {
  store: Store;
  clock: Clock;
  log: Log;
  /** How long rows are kept after their time; null is for ever. */
  keepMs: Readonly<Record<AgingTable, number | null>>;
}

/** So few that nobody waits for them noticeably, so many that a day's worth is soon gone. */
const BATCH = 500;
const PAUSE_MS = 20;

/** Every process does it soon after it has begun, and about once an hour, each at a time of its own. */
const FIRST_MS = 120_000;
const INTERVAL_MS = 3_600_000;

/** Deletes what is older than it is kept. @returns how many rows of each table went. */
export async function sweep(
  { store, clock, keepMs }: SweepDependencies,
  signal?: AbortSignal,
): Promise<Record<AgingTable, number>> {
  const deleted = { attempts: 0, sessions: 0, events: 0 };
  for (const table of ['attempts', 'sessions', 'events'] as const) {
    const keep = keepMs[table];
    if (keep === null) {
      continue;
    }
    const before = clock.now() - keep;
    for (;;) {
      const count = await deleteOldRows(store, table, { before, limit: BATCH });
      deleted[table] += count;
      if (count < BATCH || signal?.aborted) {
        break;
      }
      await delay(PAUSE_MS);
    }
  }
  return deleted;
}

/** Sweeps from now on until `signal`. What fails is tried again the next time. */
export function keepSweeping(deps: SweepDependencies, signal: AbortSignal): void {
  void (async () => {
    for (let typicalMs = FIRST_MS; !signal.aborted; typicalMs = INTERVAL_MS) {
      const waitMs = typicalMs * (0.5 + Math.random());
      await delay(waitMs, null, { signal, ref: false }).catch(() => {});
      if (signal.aborted) {
        return;
      }
      try {
        const deleted = await sweep(deps, signal);
        deps.log.info({ event: 'swept', ...deleted }, 'what was old is deleted');
      } catch (error) {
        deps.log.warn({ event: 'sweep_failed', error }, 'what is old could not be deleted');
      }
    }
  })();
}
