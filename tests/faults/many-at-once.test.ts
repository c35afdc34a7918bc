import { expect, inject, it, onTestFinished } from 'vitest';
import { openPostgres } from '#lib/store/postgres.ts';
import { findUnaccounted } from '#tests/support/audit.ts';
import { limitToOpenFiles, logInAtOnce } from '#tests/support/crowd.ts';
import { deploy } from '#tests/support/deployment.ts';
import { createDatabase } from '#tests/support/postgres.ts';

/** Fewer where the limit of open files requires it. */
const PEOPLE = limitToOpenFiles(10_000);

it(`${PEOPLE} people at once are all logged in, once each, after retries as needed`, {
  // Each login takes some 40 ms of CPU in server, database and client: minutes on two cores.
  timeout: 900_000,
}, async () => {
  const database = await createDatabase(inject('postgresUrl'));
  const { vendorUrl, add } = await deploy({
    DATABASE_URL: database,
    // The limits have their own tests.
    START_LIMIT_TOTAL: '100000/3600',
  });
  const app = await add();
  const crowd = await logInAtOnce([app.origin], vendorUrl, PEOPLE);

  expect(crowd).toMatchObject({ unexpected: [], loggedIn: PEOPLE });
  // Retry-After values are spread.
  const counts = crowd.retryAfter.map(([, people]) => people);
  expect(Math.max(...counts)).toBeLessThan(counts.reduce((sum, people) => sum + people) / 2);
  // A longer queue means a longer Retry-After, not more retries.
  expect(crowd.maxRetries).toBeLessThan(5 + crowd.totalMs / 10_000);

  const store = openPostgres({ url: database, poolSize: 1 });
  onTestFinished(() => store.destroy());
  expect(await store.selectFrom('sessions').select('user_id').execute()).toHaveLength(PEOPLE);
  expect(await store.selectFrom('users').select('id').execute()).toHaveLength(PEOPLE);
  const attempts = await store
    .selectFrom('attempts')
    .select(['state', 'pauth_session_id'])
    .execute();
  expect(attempts.filter(({ state }) => state === 'completed')).toHaveLength(PEOPLE);
  expect(attempts.filter(({ state }) => state === 'verified')).toEqual([]);
  expect(await findUnaccounted(store)).toEqual([]);
});
