import { expect, it } from 'vitest';
import { targets } from './targets.ts';

// The long runs are `npm run fuzz`; these keep what it looks at working, with other values each time.
it.each(targets.map((target) => [target.holds, target] as const))('%s', async (_holds, target) => {
  const open = await target.open();
  const seed = Math.floor(Math.random() * 2 ** 31);
  try {
    const { finding } = await open.run({ seed, runs: target.batchSize / 10 });
    expect(finding, `seed ${seed}`).toBeNull();
  } finally {
    await open.close();
  }
});
