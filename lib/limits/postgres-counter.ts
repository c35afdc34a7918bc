import 'server-only';
import { CompiledQuery } from 'kysely';
import { RateLimiterPostgres } from 'rate-limiter-flexible';
import type { Store } from '../store/schema.ts';
import { counterOf } from './library-counter.ts';
import type { CreateCounter } from './start-limits.ts';

/** Makes counters in the store's `limits` table, which a migration creates. A count is one statement. */
export function createPostgresCounters(store: Store): CreateCounter {
  const storeClient = {
    // The part of `pg`'s result that the library reads.
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
