import { expect, it } from 'vitest';
import { requests } from './targets/requests.ts';
import { targets } from './targets.ts';

// A short version of `npm run fuzz`, with different values each time, which keeps the targets working.
const withoutServer = targets.filter((target) => target !== requests);

it.each(withoutServer.map((target) => [target.holds, target] as const))(
  '%s',
  { timeout: 30_000 },
  async (_holds, target) => {
    const open = await target.open();
    const seed = Math.floor(Math.random() * 2 ** 31);
    try {
      const { finding } = await open.run({ seed, runs: target.batchSize / 10 });
      expect(finding, `seed ${seed}`).toBeNull();
    } finally {
      await open.close();
    }
  },
);
