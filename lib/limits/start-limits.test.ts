import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { provideSharedDatabase } from '#tests/support/stores.ts';
import { createTestClock, type TestClock } from '#tests/support/test-login.ts';
import type { Result } from '../shared/result.ts';
import type { StorePlace } from '../store/open.ts';
import type { Store } from '../store/schema.ts';
import {
  type CountedStart,
  createStartLimits,
  type LimitReached,
  type Start,
  type StartLimitRules,
  type StartLimits,
} from './start-limits.ts';

const rules: StartLimitRules = {
  perNumber: [
    { count: 2, seconds: 60 },
    { count: 3, seconds: 3_600 },
  ],
  perNetwork: [{ count: 4, seconds: 600 }],
  total: [{ count: 6, seconds: 3_600 }],
};

interface Opened {
  clock: TestClock;
  limits: StartLimits;
  /** The limits as another process opens them. */
  openAgain(): StartLimits;
  store: Store;
  place: StorePlace;
}

async function open(): Promise<Opened> {
  const database = await provideSharedDatabase();
  const clock = createTestClock();
  const openAgain = () => createStartLimits(rules, { store: database.open(), clock });
  const { place } = database;
  return { clock, limits: openAgain(), openAgain, store: database.open(), place };
}

const start = (phoneNumberTag: string, network = '192.0.2.1') => ({ phoneNumberTag, network });

/** Null if the start is allowed, else the limit that is reached. */
async function consume(
  limits: StartLimits,
  phoneNumberTag: string,
  network?: string,
): Promise<LimitReached | null> {
  const counted = await limits.consume(start(phoneNumberTag, network));
  return counted.ok ? null : counted.error;
}

async function countAllowed(limits: StartLimits, starts: Start[]): Promise<number> {
  const counted = await Promise.all(starts.map((each) => limits.consume(each)));
  return counted.filter(({ ok }) => ok).length;
}

describe('the start limits', () => {
  it('limit starts of one number from one network and say when the next is allowed', async () => {
    const { limits, clock } = await open();
    expect(await consume(limits, 'a')).toBeNull();
    expect(await consume(limits, 'a')).toBeNull();
    clock.advance(20_000);
    expect(await consume(limits, 'a')).toEqual({ limit: 'perNumber', retryAfterSeconds: 40 });
    clock.advance(40_000);
    expect(await consume(limits, 'a')).toBeNull();
    expect(await consume(limits, 'a')).toEqual({ limit: 'perNumber', retryAfterSeconds: 3_540 });
  });

  it('still allow the owner of a targeted number from another network', async () => {
    const { limits } = await open();
    while ((await consume(limits, 'a')) === null) {}
    expect(await consume(limits, 'a', '198.51.100.9')).toBeNull();
  });

  it('limit starts from one network across numbers', async () => {
    const { limits } = await open();
    for (const number of ['a', 'b', 'c', 'd']) {
      expect(await consume(limits, number)).toBeNull();
    }
    expect(await consume(limits, 'e')).toEqual({ limit: 'perNetwork', retryAfterSeconds: 600 });
    expect(await consume(limits, 'e', '198.51.100.9')).toBeNull();
  });

  it.each([
    ['/56', 4, (index: number) => `2001:db8:1:${(0x2300 + index).toString(16)}::/64`],
    ['/48', 8, (index: number) => `2001:db8:1:${(0x100 * index).toString(16)}::/64`],
  ])('limit what the networks of one %s start together', async (_, most, networkAt) => {
    const { store, clock } = await open();
    const limits = createStartLimits({ ...rules, total: [] }, { store, clock });
    for (let index = 0; index < most; index += 1) {
      expect(await consume(limits, `${index}`, networkAt(index))).toBeNull();
    }
    expect(await consume(limits, 'x', networkAt(most))).toMatchObject({ limit: 'perNetwork' });
    expect(await consume(limits, 'x', '2001:db8:2::/64')).toBeNull();
  });

  it('limit starts across the whole site', async () => {
    const { limits } = await open();
    for (let count = 0; count < 6; count += 1) {
      expect(await consume(limits, `${count}`, `192.0.2.${count}`)).toBeNull();
    }
    expect(await consume(limits, 'x', '198.51.100.9')).toEqual({
      limit: 'total',
      retryAfterSeconds: 3_600,
    });
  });

  it('do not extend the wait when a refused start is retried, and write nothing for it', async () => {
    const { limits, clock, store } = await open();
    while ((await consume(limits, 'a')) === null) {}
    const before = await store.selectFrom('limits').selectAll().execute();
    for (let count = 0; count < 100; count += 1) {
      await consume(limits, 'a');
    }
    expect(await store.selectFrom('limits').selectAll().execute()).toEqual(before);
    clock.advance(60_000);
    expect(await consume(limits, 'a')).toBeNull();
    // The refused starts have not counted for the network either.
    expect(await consume(limits, 'b')).toBeNull();
  });

  it('keep no row for a start of another number once the network’s limit is reached', async () => {
    const { limits, store } = await open();
    await countAllowed(
      limits,
      ['a', 'b', 'c', 'd'].map((number) => start(number)),
    );
    const rows = (await store.selectFrom('limits').selectAll().execute()).length;
    for (let count = 0; count < 50; count += 1) {
      expect(await consume(limits, `other ${count}`)).toMatchObject({ limit: 'perNetwork' });
    }
    expect(await store.selectFrom('limits').selectAll().execute()).toHaveLength(rows);
  });

  it('hold under concurrent starts', async () => {
    const { limits } = await open();
    const starts = Array.from({ length: 100 }, () => start('a'));
    expect(await countAllowed(limits, starts)).toBe(2);
    // Those that were refused are not counted for the network.
    expect(await countAllowed(limits, [start('b'), start('c')])).toBe(2);
  });

  it('are shared by processes with one database and survive them', async () => {
    const { limits, openAgain } = await open();
    const other = openAgain();
    expect(await consume(limits, 'a')).toBeNull();
    expect(await consume(other, 'a')).toBeNull();
    expect(await consume(limits, 'a')).toMatchObject({ limit: 'perNumber' });
    expect(await consume(openAgain(), 'a')).toMatchObject({ limit: 'perNumber' });
  });

  it('keep the files of the database small in a flood', async () => {
    const { limits, place } = await open();
    for (let count = 0; count < 3_000; count += 1) {
      await consume(limits, `${count}`, `192.0.2.${count % 200}`);
    }
    if (place.kind === 'sqlite') {
      // SQLite checkpoints its write-ahead log at a thousand pages of 4 KiB.
      expect(statSync(`${place.path}-wal`).size).toBeLessThan(8 * 1024 * 1024);
      expect(statSync(place.path).size).toBeLessThan(1024 * 1024);
    }
  });
});

describe('a refund', () => {
  const refund = async (counted: Result<CountedStart, LimitReached>) => {
    if (counted.ok) {
      await counted.value.refund();
    }
    return counted.ok;
  };

  it('takes a start back, as often as the limits allow starts', async () => {
    const { limits, clock } = await open();
    const refunded = async () => await refund(await limits.consume(start('a')));
    // Four refunds for the network, then two starts that count.
    for (let count = 0; count < 4 + 2; count += 1) {
      expect(await refunded()).toBe(true);
    }
    expect(await refunded()).toBe(false);
    clock.advance(60_000);
    expect(await refunded()).toBe(true);
  });

  it('does not count for a window that begins after the start’s own has ended', async () => {
    const { limits, clock } = await open();
    clock.advance(59_000);
    const counted = await Promise.all([limits.consume(start('a')), limits.consume(start('a'))]);
    clock.advance(60_000);
    expect(await consume(limits, 'a')).toBeNull();
    await Promise.all(counted.map(refund));
    expect(await consume(limits, 'a')).toBeNull();
    expect(await consume(limits, 'a')).toMatchObject({ limit: 'perNumber' });
  });
});
