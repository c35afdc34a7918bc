import 'server-only';
import type { Queries } from './schema.ts';

/** The tables whose rows are deleted with age, and the column that the age is measured from. */
const ages = { attempts: 'created_at', sessions: 'expires_at', events: 'at' } as const;

const keys = { attempts: 'id', sessions: 'id_hash', events: 'id' } as const;

export type AgingTable = keyof typeof ages;

/**
 * Deletes the oldest rows of a table from before an instant, at most `limit` of them. Several processes may
 * do so concurrently.
 *
 * @returns the number of deleted rows.
 */
export async function deleteOldRows(
  queries: Queries,
  table: AgingTable,
  { before, limit }: { before: number; limit: number },
): Promise<number> {
  const age = queries.dynamic.ref<string>(ages[table]);
  const key = queries.dynamic.ref<string>(keys[table]);
  const oldest = queries
    .selectFrom(table)
    .select(key)
    .where(age, '<', before)
    .orderBy(age)
    .limit(limit);
  const { numDeletedRows } = await queries
    .deleteFrom(table)
    .where(key, 'in', oldest)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
