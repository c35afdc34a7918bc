import { describe, expect, it } from 'vitest';
import { createConcurrencyLimit, type Release } from './concurrency-limit.ts';

const SHORT_MS = 1;
const LONG_MS = 60_000;

/** A concurrency limit with a clock of its own. */
function open(rules: Parameters<typeof createConcurrencyLimit>[0]) {
  let now = 1_000_000;
  const limit = createConcurrencyLimit(rules, () => now);
  const advance = (ms: number) => {
    now += ms;
  };
  /** Acquires every free permit. */
  const acquireAll = async () => {
    const held: Release[] = [];
    for (;;) {
      const release = await limit.acquire(SHORT_MS);
      if (release === null) {
        return held;
      }
      held.push(release);
    }
  };
  return { limit, advance, acquireAll };
}

/** Acquires and releases every permit, `rounds` times. @returns how many there were in each round. */
async function succeed({ acquireAll }: ReturnType<typeof open>, rounds: number): Promise<number[]> {
  const counts: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const held = await acquireAll();
    counts.push(held.length);
    for (const release of held) {
      release('succeeded');
    }
  }
  return counts;
}

describe('an adaptive concurrency limit', () => {
  it('starts low and doubles with each round of successes, up to the maximum', async () => {
    const opened = open({ least: 2, most: 7 });
    expect(await succeed(opened, 4)).toEqual([2, 4, 7, 7]);
  });

  it('grows by about one per round of successes after a failure', async () => {
    const opened = open({ least: 2, most: 7 });
    const [failing, other] = await opened.acquireAll();
    failing?.('failed');
    other?.('unused');
    expect(await succeed(opened, 4)).toEqual([2, 2, 3, 4]);
  });

  it('halves after a failure, but not below the initial limit', async () => {
    const opened = open({ least: 2, most: 8 });
    await succeed(opened, 40);
    const [failing, ...others] = await opened.acquireAll();
    expect(others).toHaveLength(7);
    failing?.('failed');
    // Failures of requests that were in flight with it do not count again.
    for (const release of others) {
      release('failed');
    }
    const left = await opened.acquireAll();
    expect(left).toHaveLength(4);
    for (const release of left) {
      opened.advance(1_000);
      release('failed');
    }
    expect(await opened.acquireAll()).toHaveLength(2);
  });

  it('gives a released permit to the first waiter', async () => {
    const { limit } = open({ least: 1, most: 1 });
    const release = await limit.acquire(SHORT_MS);
    const order: string[] = [];
    const second = limit.acquire(LONG_MS).then((releaseSecond) => {
      order.push('second');
      releaseSecond?.('succeeded');
    });
    const third = limit.acquire(LONG_MS).then(() => order.push('third'));
    expect(limit.hasWaiters()).toBe(true);
    release?.('succeeded');
    await Promise.all([second, third]);
    expect(order).toEqual(['second', 'third']);
    expect(limit.hasWaiters()).toBe(false);
  });

  it('gives no permit to a waiter that has timed out', async () => {
    const { limit } = open({ least: 1, most: 1 });
    const release = await limit.acquire(SHORT_MS);
    expect(await limit.acquire(SHORT_MS)).toBeNull();
    release?.('succeeded');
    expect(await limit.acquire(SHORT_MS)).not.toBeNull();
  });
});
