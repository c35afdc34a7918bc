import { describe, expect, it } from 'vitest';
import { createConcurrencyLimit, type GiveBack } from './concurrency-limit.ts';

/** How long nobody waits in these tests, and how long everybody. */
const AT_ONCE_MS = 1;
const LONG_MS = 60_000;

/** ConcurrencyLimit with a time of their own. */
function open(rules: Parameters<typeof createConcurrencyLimit>[0]) {
  let now = 1_000_000;
  const turns = createConcurrencyLimit(rules, () => now);
  const advance = (ms: number) => {
    now += ms;
  };
  /** Takes as many turns as there are. */
  const takeAll = async () => {
    const taken: GiveBack[] = [];
    for (;;) {
      const giveBack = await turns.take(AT_ONCE_MS);
      if (giveBack === null) {
        return taken;
      }
      taken.push(giveBack);
    }
  };
  return { turns, advance, takeAll };
}

/** Takes and gives back all there are, so often. @returns how many there were each time. */
async function goWell({ takeAll }: ReturnType<typeof open>, rounds: number): Promise<number[]> {
  const counts: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const taken = await takeAll();
    counts.push(taken.length);
    for (const giveBack of taken) {
      giveBack('well');
    }
  }
  return counts;
}

describe('turns', () => {
  it('are few at first, and twice as many when those have gone well, up to the most there may be', async () => {
    const opened = open({ least: 2, most: 7 });
    expect(await goWell(opened, 4)).toEqual([2, 4, 7, 7]);
  });

  it('become about one more when all have gone well, once one has gone badly', async () => {
    const opened = open({ least: 2, most: 7 });
    const [bad, other] = await opened.takeAll();
    bad?.('badly');
    other?.('unused');
    expect(await goWell(opened, 4)).toEqual([2, 2, 3, 4]);
  });

  it('become half as many when one has gone badly, and never fewer than at first', async () => {
    const opened = open({ least: 2, most: 8 });
    await goWell(opened, 40);
    const [bad, ...others] = await opened.takeAll();
    expect(others).toHaveLength(7);
    bad?.('badly');
    // What was under way with it says nothing new.
    for (const giveBack of others) {
      giveBack('badly');
    }
    const left = await opened.takeAll();
    expect(left).toHaveLength(4);
    for (const giveBack of left) {
      opened.advance(1_000);
      giveBack('badly');
    }
    expect(await opened.takeAll()).toHaveLength(2);
  });

  it('are given to those who wait, the first one first, when one is given back', async () => {
    const { turns } = open({ least: 1, most: 1 });
    const giveBack = await turns.take(AT_ONCE_MS);
    const came: string[] = [];
    const second = turns.take(LONG_MS).then((giveBackSecond) => {
      came.push('second');
      giveBackSecond?.('well');
    });
    const third = turns.take(LONG_MS).then(() => came.push('third'));
    expect(turns.isWaitedFor()).toBe(true);
    giveBack?.('well');
    await Promise.all([second, third]);
    expect(came).toEqual(['second', 'third']);
    expect(turns.isWaitedFor()).toBe(false);
  });

  it('are not given to one who has waited for too long', async () => {
    const { turns } = open({ least: 1, most: 1 });
    const giveBack = await turns.take(AT_ONCE_MS);
    expect(await turns.take(AT_ONCE_MS)).toBeNull();
    giveBack?.('well');
    expect(await turns.take(AT_ONCE_MS)).not.toBeNull();
  });
});
