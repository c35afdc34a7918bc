import fc from 'fast-check';
import { it } from 'vitest';
import { appOrigin } from '#tests/support/servers.ts';
import { requests, requestsTo } from './targets/requests.ts';

it(requests.holds, { timeout: 60_000 }, async () => {
  const { values, check } = requestsTo(appOrigin);
  await fc.assert(
    fc.asyncProperty(values, async (value) => await check(value)),
    { numRuns: 100 },
  );
});
