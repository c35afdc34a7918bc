import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { routes } from '#app/api/routes.ts';
import { readConfig } from '#lib/config/config.ts';

const functionSchema = z.object({ maxDuration: z.number(), supportsCancellation: z.boolean() });

const { crons, functions } = z
  .object({
    crons: z.array(z.object({ path: z.string(), schedule: z.string() })),
    functions: z.record(z.string(), functionSchema),
  })
  .parse(JSON.parse(readFileSync('vercel.json', 'utf8')));

const ofApi = functions['app/api/**/*'];

it('Vercel calls each route for a scheduler, once a day as every plan allows', () => {
  const forCron = routes.filter(({ access }) => access === 'cron').map(({ path }) => path);
  expect(crons.map(({ path }) => path)).toEqual(forCron);
  for (const { schedule } of crons) {
    expect(schedule).toMatch(/^\d{1,2} \d{1,2} \* \* \*$/);
  }
});

it('Vercel lets a poll be held as long as it can be set, and the vendor be asked after that', () => {
  const longest = readConfig({
    PAUTH_API_KEY: 'pk_live_Jq7Zr2Xv9Tb4',
    APP_ORIGIN: 'https://login.example.com',
    SESSION_SECRET: 'Vq8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4E',
    STATUS_WAIT_SECONDS: '55',
    PAUTH_TIMEOUT_MS: '10000',
  });
  if (!longest.ok) {
    throw new Error(longest.error.map(({ problem }) => problem).join());
  }
  const { attempt, pauth } = longest.value;
  expect(ofApi?.maxDuration).toBeGreaterThan(
    attempt.statusWaitSeconds + (2 * pauth.timeoutMs) / 1_000,
  );
});

it('Vercel tells the function of the API when a client has gone', () => {
  expect(globSync(Object.keys(functions))).toContain('app/api/[...path]/route.ts');
  expect(ofApi?.supportsCancellation).toBe(true);
});
