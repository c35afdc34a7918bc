import { expect, inject, it, onTestFinished } from 'vitest';
import { openPostgres } from '#lib/store/postgres.ts';
import { findUnaccounted } from '#tests/support/audit.ts';
import { crowdThatFits, logInAtOnce } from '#tests/support/crowd.ts';
import { deploy } from '#tests/support/deployment.ts';
import { createDatabase } from '#tests/support/postgres.ts';

/** Ten thousand, unless this machine does not let a process have as many connections. */
const PEOPLE = crowdThatFits(10_000);

it(`${PEOPLE} people at once are all let in, once each, however often they have to ask again`, {
  // Each costs some 40 ms of CPU, the server's, the database's and their own: minutes on two cores.
  timeout: 900_000,
}, async () => {
  const database = await createDatabase(inject('postgresUrl'));
  const { vendorUrl, add } = await deploy({
    DATABASE_URL: database,
    // The limits have tests of their own.
    START_LIMIT_TOTAL: '100000/3600',
  });
  const app = await add();
  const crowd = await logInAtOnce([app.origin], vendorUrl, PEOPLE);

  expect(crowd).toMatchObject({ unexpected: [], loggedIn: PEOPLE });
  // Who are told to come back are not all told the same.
  const told = crowd.retryAfter.map(([, people]) => people);
  expect(Math.max(...told)).toBeLessThan(told.reduce((sum, people) => sum + people) / 2);
  // With so many before them they are told to wait for longer, not again and again.
  expect(crowd.mostPutOff).toBeLessThan(5 + crowd.allInMs / 10_000);

  const store = openPostgres(database, 1);
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
