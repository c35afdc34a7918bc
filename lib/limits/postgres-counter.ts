import 'server-only';
import { CompiledQuery } from 'kysely';
import { RateLimiterPostgres } from 'rate-limiter-flexible';
import type { Store } from '../store/schema.ts';
import { counterOf } from './library-counter.ts';
import type { CreateCounter } from './start-limits.ts';

/** Makes counters in a table of the store, which a migration has made. One statement counts. */
export function createPostgresCounters(store: Store): CreateCounter {
  const storeClient = {
    // What the library reads of an answer, as `pg` would give it.
    async query({ text, values }: { text: string; values: unknown[] }) {
      const { rows, numAffectedRows } = await store.executeQuery(CompiledQuery.raw(text, values));
      return { rows, rowCount: Number(numAffectedRows ?? rows.length) };
    },
  };
  return (name, limit) =>
    counterOf(
      new RateLimiterPostgres({
        storeClient,
        storeType: 'pool',
        tableName: 'limits',
        tableCreated: true,
        keyPrefix: name,
        clearExpiredByTimeout: true,
        points: limit.count,
        duration: limit.seconds,
      }),
    );
}
