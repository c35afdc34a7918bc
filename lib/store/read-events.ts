import 'server-only';
import type { Queries, StoredEvent } from './schema.ts';

/** How many events are in memory at a time. */
export const EVENT_PAGE = 1_000;

/**
 * How much earlier an event may be than one with a smaller id: ids are given before the commit, and clocks
 * disagree.
 */
const DISORDER_MS = 3_600_000;

/** The events since an instant, in the order of their ids, read a page at a time. */
export async function* readEvents(queries: Queries, sinceMs: number): AsyncGenerator<StoredEvent> {
  let nextId = await findFirstIdSince(queries, sinceMs - DISORDER_MS);
  for (;;) {
    const page = await queries
      .selectFrom('events')
      .selectAll()
      .where('id', '>=', nextId)
      .orderBy('id')
      .limit(EVENT_PAGE)
      .execute();
    for (const event of page) {
      if (event.at >= sinceMs) {
        yield event;
      }
      nextId = event.id + 1;
    }
    if (page.length < EVENT_PAGE) {
      return;
    }
  }
}

/**
 * Halves the range of ids until it begins at the first event since an instant: the table has no index by
 * time, and reading all of it can take longer than PostgreSQL allows a statement.
 */
async function findFirstIdSince(queries: Queries, sinceMs: number): Promise<number> {
  const range = await queries
    .selectFrom('events')
    .select(({ fn }) => [fn.min('id').as('first'), fn.max('id').as('last')])
    .executeTakeFirst();
  let first = range?.first ?? 0;
  let last = range?.last ?? 0;
  while (first < last) {
    const middle = Math.floor((first + last) / 2);
    const event = await queries
      .selectFrom('events')
      .select(['id', 'at'])
      .where('id', '>=', middle)
      .orderBy('id')
      .limit(1)
      .executeTakeFirst();
    if (event !== undefined && event.at < sinceMs) {
      first = event.id + 1;
    } else {
      last = middle;
    }
  }
  return first;
}
