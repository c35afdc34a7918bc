import 'server-only';
import type { Queries } from './schema.ts';

/** The tables whose rows lose their use with time, and the column that says since when. */
const ages = { attempts: 'created_at', sessions: 'expires_at', events: 'at' } as const;

const keys = { attempts: 'id', sessions: 'id_hash', events: 'id' } as const;

export type AgingTable = keyof typeof ages;

/**
 * Deletes the oldest rows of a table from before an instant, at most `limit` of them: short enough
 * to hold nobody up. Several processes may do it at once.
 *
 * @returns how many it deleted.
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
