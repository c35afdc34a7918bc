import { describe, expect, it, vi } from 'vitest';
import { createTestDatabase } from '#tests/support/stores.ts';
import { migrate } from './migrate.ts';
import { openStore } from './open.ts';
import type { Preparation } from './prepared.ts';
import { findUsers } from './users.ts';

/** A store on an empty database. */
async function open(prepare: Preparation) {
  const { place } = await createTestDatabase();
  return openStore(place, prepare);
}

describe('a store that is prepared before its first statement', () => {
  it('prepares itself once for all statements, those at the same time included', async () => {
    const prepare = vi.fn<Preparation>(async (store) => void (await migrate(store)));
    const store = await open(prepare);
    expect(prepare).not.toHaveBeenCalled();
    expect(await Promise.all([findUsers(store), findUsers(store)])).toEqual([[], []]);
    expect(await store.transaction().execute(findUsers)).toEqual([]);
    expect(prepare).toHaveBeenCalledTimes(1);
    await store.destroy();
  });

  it('fails statements while that is impossible, and tries again with the next one', async () => {
    const prepare = vi
      .fn<Preparation>(async (store) => void (await migrate(store)))
      .mockRejectedValueOnce(new Error('not yet'));
    const store = await open(prepare);
    await expect(findUsers(store)).rejects.toThrow('not yet');
    expect(await findUsers(store)).toEqual([]);
    await store.destroy();
  });
});
