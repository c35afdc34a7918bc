import { sql } from 'kysely';
import { expect, inject, it, onTestFinished } from 'vitest';
import { openPostgres } from '#lib/store/postgres.ts';
import { checkStore } from '#scripts/doctor/store.ts';
import { deploy, startAt } from '#tests/support/deployment.ts';
import { startPgbouncer } from '#tests/support/pgbouncer.ts';
import { createDatabase } from '#tests/support/postgres.ts';

/** A database behind PgBouncer in transaction mode. */
async function open(poolSize: number) {
  const database = await createDatabase(inject('postgresUrl'));
  const pgbouncer = await startPgbouncer(database, poolSize);
  onTestFinished(() => pgbouncer.remove());
  return { pgbouncer };
}

it('people log in and out through PgBouncer in transaction mode, which was told nothing', async () => {
  const { pgbouncer } = await open(2);
  const site = await deploy({ DATABASE_URL: pgbouncer.url, DATABASE_POOL_SIZE: '10' });
  const app = await site.add();
  const people = await Promise.all(Array.from({ length: 8 }, () => startAt(app)));
  await Promise.all(
    people.map(async ({ visitor, phoneNumber, callNumber }) => {
      const held = visitor.status();
      await site.vendor.call(phoneNumber, callNumber);
      expect(await (await held).json()).toEqual({ status: 'verified' });
      expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
      expect((await visitor.fetch('/account')).status).toBe(200);
      expect((await visitor.post('/api/auth/logout', {})).status).toBe(200);
      expect((await visitor.fetch('/api/auth/session')).status).toBe(401);
    }),
  );
  // That it refused what a connection starts with, and was then asked without.
  expect(pgbouncer.output()).toMatch(/unsupported startup parameter/);
  expect(app.output()).not.toMatch(/"level":"(warn|error)"/);
});

it('a transaction has its time limits behind PgBouncer, and leaves none behind', async () => {
  const { pgbouncer } = await open(1);
  const store = openPostgres({ url: pgbouncer.url, poolSize: 4 });
  onTestFinished(() => store.destroy());
  const limits = async (queries: Pick<typeof store, 'getExecutor'>) =>
    (
      await sql`select current_setting('statement_timeout') as statement,
        current_setting('lock_timeout') as lock,
        current_setting('idle_in_transaction_session_timeout') as idle`.execute(queries)
    ).rows;
  const within = () => store.transaction().execute(limits);
  const all = await Promise.all(Array.from({ length: 8 }, within));
  expect(all).toEqual(all.map(() => [{ statement: '2s', lock: '1s', idle: '5s' }]));
  expect(await limits(store)).toEqual([{ statement: '0', lock: '0', idle: '0' }]);
});

it('no statement is named behind PgBouncer, which would give it to other clients', async () => {
  const { pgbouncer } = await open(1);
  const store = openPostgres({ url: pgbouncer.url, poolSize: 4 });
  onTestFinished(() => store.destroy());
  const number = (value: number) => sql`select ${value}::int as value`.execute(store);
  const values = Array.from({ length: 8 }, (_, index) => index);
  const answers = await Promise.all(values.map(number));
  expect(answers.map(({ rows }) => rows)).toEqual(values.map((value) => [{ value }]));
  const named = await sql`select name from pg_prepared_statements`.execute(store);
  expect(named.rows).toEqual([]);
});

it('the doctor says which limits PgBouncer drops, and how to set them', async () => {
  const { pgbouncer } = await open(2);
  const findings = await checkStore({
    store: { kind: 'postgres', url: pgbouncer.url, poolSize: 2 },
  });
  expect(findings.map(({ check, level }) => `${check}: ${level}`)).toEqual([
    'store: ok',
    'migrations: warning',
    'time limits: warning',
  ]);
  expect(findings).toContainEqual(
    expect.objectContaining({ fix: expect.stringContaining('set statement_timeout = 2000') }),
  );
});
