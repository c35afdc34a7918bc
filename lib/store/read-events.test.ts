import { describe, expect, it } from 'vitest';
import { openTestStore } from '#tests/support/stores.ts';
import { EVENT_PAGE, readEvents } from './read-events.ts';
import type { Store } from './schema.ts';

const START = Date.parse('2026-11-01T00:00:00Z');
const MINUTE_MS = 60_000;

/** Adds one event a minute. */
async function addEvents(store: Store, count: number, fromMs = START): Promise<void> {
  const rows = Array.from({ length: count }, (_, minute) => ({
    at: fromMs + minute * MINUTE_MS,
    type: 'attempt_started' as const,
    attempt_id: null,
    user_id: null,
    reason: null,
    device: null,
    network: null,
  }));
  for (let added = 0; added < count; added += 500) {
    await store
      .insertInto('events')
      .values(rows.slice(added, added + 500))
      .execute();
  }
}

async function timesSince(store: Store, sinceMs: number): Promise<number[]> {
  const times: number[] = [];
  for await (const { at } of readEvents(store, sinceMs)) {
    times.push(at);
  }
  return times;
}

describe('readEvents', () => {
  it('reads every event since an instant once, in order, however many pages they fill', async () => {
    const store = await openTestStore();
    const count = EVENT_PAGE * 2;
    await addEvents(store, count);
    const all = Array.from({ length: count }, (_, minute) => START + minute * MINUTE_MS);
    expect(await timesSince(store, 0)).toEqual(all);
    for (const skipped of [1, 777, count - 1]) {
      expect(await timesSince(store, START + skipped * MINUTE_MS)).toEqual(all.slice(skipped));
    }
    expect(await timesSince(store, START + count * MINUTE_MS)).toEqual([]);
  });

  it('goes past ids that were swept, and finds an event that a slow clock dated before others', async () => {
    const store = await openTestStore();
    await addEvents(store, 300);
    await store.deleteFrom('events').where('id', '<=', 150).execute();
    await store.deleteFrom('events').where('id', 'in', [200, 201, 202, 240]).execute();
    const late = START + 299 * MINUTE_MS;
    await addEvents(store, 1, late - 10 * MINUTE_MS);
    expect(await timesSince(store, late - 10 * MINUTE_MS)).toEqual([
      ...Array.from({ length: 11 }, (_, minute) => late + (minute - 10) * MINUTE_MS),
      late - 10 * MINUTE_MS,
    ]);
  });

  it('reads nothing from an empty table', async () => {
    expect(await timesSince(await openTestStore(), 0)).toEqual([]);
  });

  it('reads little of a large table', async () => {
    const store = await openTestStore();
    await addEvents(store, 5_000);
    let statements = 0;
    const counting = store.withPlugin({
      transformQuery: ({ node }) => {
        statements += 1;
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    expect(await timesSince(counting, START + 4_990 * MINUTE_MS)).toHaveLength(10);
    expect(statements).toBeLessThan(20);
  });
});
