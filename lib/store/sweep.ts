import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../observe/log.ts';
import type { Clock } from '../shared/clock.ts';
import type { Store } from './schema.ts';

/** The tables whose rows are deleted with age, their keys, and the columns that the age is measured from. */
const agingTables = [
  { table: 'attempts', key: 'id', age: 'created_at' },
  { table: 'sessions', key: 'id_hash', age: 'expires_at' },
  { table: 'events', key: 'id', age: 'at' },
  { table: 'limits', key: 'key', age: 'expire' },
  { table: 'outbox', key: 'id', age: 'created_at' },
] as const;

type AgingTable = (typeof agingTables)[number];

/** What the sweep needs from the rest of the app. */
interface SweepDependencies {
  store: Store;
  clock: Clock;
  log: Log;
  /** How long the rows of each table are kept; null keeps them forever. */
  keepMs: Readonly<Record<Exclude<AgingTable['table'], keyof typeof fixedKeepMs>, number | null>>;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/** How long rows are kept, from the settings in days; 0 days keeps events forever. */
export function keepMsOf(retention: {
  attemptDays: number;
  eventDays: number;
}): SweepDependencies['keepMs'] {
  return {
    attempts: retention.attemptDays * DAY_MS,
    // A day of tolerance for clocks that disagree: a wrong one must not log everybody out.
    sessions: DAY_MS,
    events: retention.eventDays === 0 ? null : retention.eventDays * DAY_MS,
  };
}

/** The same for tables that have no setting. */
const fixedKeepMs = {
  // A window of a limit is of no use after its end.
  limits: 0,
  // What is older was written for a webhook that has been switched off since.
  outbox: 7 * DAY_MS,
};

/** Small enough not to block other queries, large enough to delete a day's rows quickly. */
const BATCH = 500;
const PAUSE_MS = 20;

/** Mean delays before the first and later sweeps. Randomized, so that processes do not sweep together. */
const FIRST_MS = 120_000;
const INTERVAL_MS = 3_600_000;

/**
 * Deletes rows past their retention. Several processes may do so concurrently.
 *
 * @returns the number of deleted rows per table.
 */
export async function sweep(
  { store, clock, keepMs }: Omit<SweepDependencies, 'log'>,
  signal?: AbortSignal,
): Promise<Record<AgingTable['table'], number>> {
  const deleted = { attempts: 0, sessions: 0, events: 0, limits: 0, outbox: 0 };
  const keptMs = { ...keepMs, ...fixedKeepMs };
  for (const aging of agingTables) {
    const keep = keptMs[aging.table];
    if (keep === null) {
      continue;
    }
    const before = clock.now() - keep;
    for (;;) {
      const count = await deleteBatch(store, aging, before);
      deleted[aging.table] += count;
      if (count < BATCH || signal?.aborted) {
        break;
      }
      await delay(PAUSE_MS);
    }
  }
  return deleted;
}

/** Deletes the oldest rows of a table from before an instant. @returns their number, at most `BATCH`. */
async function deleteBatch(store: Store, { table, ...columns }: AgingTable, before: number) {
  const age = store.dynamic.ref<string>(columns.age);
  const key = store.dynamic.ref<string>(columns.key);
  const oldest = store
    .selectFrom(table)
    .select(key)
    .where(age, '<', before)
    .orderBy(age)
    .limit(BATCH);
  const { numDeletedRows } = await store
    .deleteFrom(table)
    .where(key, 'in', oldest)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Sweeps about once an hour until aborted. A failed sweep is logged and retried the next time. */
export function keepSweeping(deps: SweepDependencies, signal: AbortSignal): void {
  void (async () => {
    for (let meanMs = FIRST_MS; !signal.aborted; meanMs = INTERVAL_MS) {
      const waitMs = meanMs * (0.5 + Math.random());
      await delay(waitMs, null, { signal, ref: false }).catch(() => {});
      if (signal.aborted) {
        return;
      }
      try {
        const deleted = await sweep(deps, signal);
        deps.log.info({ event: 'swept', ...deleted }, 'old rows deleted');
      } catch (error) {
        deps.log.warn({ event: 'sweep_failed', error }, 'deleting old rows failed');
      }
    }
  })();
}
