import 'server-only';
import { sql } from 'kysely';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { LimitWindow, Queries } from './schema.ts';

/** A count that an event adds to: at most `most` in a window that opens with its first event. */
export interface LimitedCount {
  key: string;
  most: number;
  windowMs: number;
}

/** A window in which an event was counted. */
export type CountedIn = Pick<LimitWindow, 'key' | 'expire'>;

/**
 * Adds an event to each of the counts, or to none where one is full; a refused event writes nothing. A
 * single statement, so that it is atomic across all processes and no transaction holds the busiest row.
 *
 * @param counts at least one. All callers keep one order of kinds, as each locks its rows in turn.
 * @returns the windows in which the event was counted, or the first full count and when its window ends.
 */
export async function addToCounts(
  queries: Queries,
  counts: readonly LimitedCount[],
  now: number,
): Promise<Result<CountedIn[], { index: number; endsAt: number }>> {
  const rows = counts.map(
    ({ key, most, windowMs }, index) =>
      sql`(cast(${index} as integer), cast(${key} as text), cast(${most} as integer), cast(${now + windowMs} as bigint))`,
  );
  const added = await sql<LimitWindow>`
    with wanted(place, key, most, expire) as (values ${sql.join(rows)})
    insert into limits (key, points, expire)
    select key, 1, expire from wanted
    where not exists (
      select 1 from wanted where most <= (
        select points from limits where limits.key = wanted.key and limits.expire > ${now}
      )
    )
    order by place
    on conflict (key) do update set
      points = case when limits.expire > ${now} then limits.points + 1 else 1 end,
      expire = case when limits.expire > ${now} then limits.expire else excluded.expire end
    returning key, points, expire`.execute(queries);
  const windows = new Map(added.rows.map((window) => [window.key, window]));
  if (counts.every(({ key, most }) => (windows.get(key)?.points ?? most + 1) <= most)) {
    return succeed(added.rows);
  }
  // Others have filled a count since this statement began.
  await subtractFromCounts(queries, added.rows);
  return fail(await findFull(queries, counts, now));
}

/** Takes an event back from windows that have not begun again since it was counted. */
export async function subtractFromCounts(
  queries: Queries,
  windows: readonly CountedIn[],
): Promise<void> {
  // One row at a time: no statement waits for a lock while it holds another.
  for (const { key, expire } of windows) {
    await queries
      .updateTable('limits')
      .set({ points: sql`points - 1` })
      .where('key', '=', key)
      .where('expire', '=', expire)
      .execute();
  }
}

async function findFull(queries: Queries, counts: readonly LimitedCount[], now: number) {
  const windows = await queries
    .selectFrom('limits')
    .selectAll()
    .where(
      'key',
      'in',
      counts.map(({ key }) => key),
    )
    .where('expire', '>', now)
    .execute();
  const full = counts.flatMap(({ key, most }, index) => {
    const window = windows.find((each) => each.key === key && each.points >= most);
    return window === undefined ? [] : [{ index, endsAt: window.expire }];
  });
  // Its window may just have ended.
  return full[0] ?? { index: 0, endsAt: now };
}
