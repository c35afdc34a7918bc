import { expect, it, onTestFinished, vi } from 'vitest';
import { startSandbox } from '#sandbox/server.ts';
import { startAppServer } from '#tests/support/app-server.ts';
import { deploy, startAt } from '#tests/support/deployment.ts';
import {
  createDatabase,
  execute,
  type PostgresServer,
  startPostgres,
} from '#tests/support/postgres.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

const patient = { timeout: 90_000 };

/** A site on a PostgreSQL server that the test may stop, with one visitor logged in and one waiting. */
async function open() {
  const server: PostgresServer = await startPostgres({
    // Committed transactions survive the crash.
    settings: ['synchronous_commit=on'],
  });
  onTestFinished(() => server.remove());
  const database = await createDatabase(server.url);
  const site = await deploy({ DATABASE_URL: database });
  const app = await site.add();
  const loggedIn = await startAt(app);
  await site.vendor.call(loggedIn.phoneNumber, loggedIn.callNumber);
  expect(await (await loggedIn.visitor.status()).json()).toEqual({ status: 'verified' });
  const waiting = await startAt(app);
  return { server, database, site, app, loggedIn: loggedIn.visitor, waiting };
}

type Opened = Awaited<ReturnType<typeof open>>;

/** Expects 503 from every route within eight seconds, with no cookie changed. */
async function expectUnavailable({ site, app, loggedIn, waiting }: Opened): Promise<void> {
  const cookies = [loggedIn.cookieHeader(), waiting.visitor.cookieHeader()];
  const since = performance.now();
  const answers = await Promise.all([
    new Visitor(app.origin).start(randomPhoneNumber()),
    waiting.visitor.status(),
    loggedIn.fetch('/api/auth/session'),
    loggedIn.fetch('/api/health'),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
  expect(performance.now() - since).toBeLessThan(8_000);
  for (const answer of answers) {
    expect(answer.headers.get('retry-after')).toMatch(/^[2-4]$/);
    expect(await answer.json()).toMatchObject({ code: 'store_unavailable' });
  }
  expect((await loggedIn.fetch('/api/health/live')).status).toBe(200);
  // Next answers a page that throws with 500.
  expect((await waiting.visitor.fetch('/login')).status).toBe(500);
  expect((await loggedIn.fetch('/account')).status).toBe(500);
  await site.vendor.call(waiting.phoneNumber, waiting.callNumber);
  await vi.waitFor(async () => {
    const [session] = await site.vendor.sessions(waiting.phoneNumber);
    expect(session?.callback).toEqual({ status: 204, error: null });
  }, 8_000);
  expect([loggedIn.cookieHeader(), waiting.visitor.cookieHeader()]).toEqual(cookies);
}

/** Expects the session to be valid and the pending login to complete, though its callback was lost. */
async function expectRecovered({ loggedIn, waiting }: Opened): Promise<void> {
  expect(await (await waiting.visitor.statusPrompted()).json()).toEqual({ status: 'verified' });
  expect((await loggedIn.fetch('/api/auth/session')).status).toBe(200);
}

it(
  'while PostgreSQL is down, requests get 503, and no login or logout happens',
  patient,
  async () => {
    const opened = await open();
    const held = opened.waiting.visitor.status();
    await opened.server.stop('SIGQUIT');
    await expectUnavailable(opened);
    expect((await held).status).toBe(503);
    await opened.server.start();
    await expectRecovered(opened);
  },
);

it(
  'while PostgreSQL hangs, requests get 503 within seconds, and recover when it resumes',
  patient,
  async () => {
    const opened = await open();
    const thaw = await opened.server.freeze();
    try {
      await expectUnavailable(opened);
    } finally {
      thaw();
    }
    await expectRecovered(opened);
  },
);

it(
  'while PostgreSQL is read-only, nothing is started or completed, even in part, and sessions stay valid',
  patient,
  async () => {
    const opened = await open();
    const { server, database, site, app, loggedIn, waiting } = opened;
    const name = new URL(database).pathname.slice(1);
    const setReadOnly = async (value: 'on' | 'off') => {
      await execute(
        server.url,
        `alter database ${name} set default_transaction_read_only = ${value};
       select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
      );
    };
    const count = async () =>
      await execute(
        database,
        `select (select count(*) from attempts) as attempts, (select count(*) from events) as events,
              (select count(*) from sessions) as sessions`,
      );
    const before = await count();
    await setReadOnly('on');
    await site.vendor.call(waiting.phoneNumber, waiting.callNumber);
    expect((await new Visitor(app.origin).start(randomPhoneNumber())).status).toBe(503);
    expect((await waiting.visitor.fetch('/login')).status).toBe(200);
    expect((await waiting.visitor.status()).status).toBe(503);
    expect((await loggedIn.fetch('/api/auth/session')).status).toBe(200);
    expect(await count()).toEqual(before);
    await setReadOnly('off');
    // The first request may meet a connection whose end the pool has not seen yet.
    await expect
      .poll(async () => await (await waiting.visitor.status()).json(), { timeout: 30_000 })
      .toEqual({ status: 'verified' });
  },
);

it(
  'where Next is the host, a server that starts while PostgreSQL is down answers 503 until it is back',
  patient,
  async () => {
    const server = await startPostgres();
    onTestFinished(() => server.remove());
    const database = await createDatabase(server.url);
    await server.stop();
    const sandbox = await startSandbox();
    onTestFinished(() => sandbox.close());
    const app = await startAppServer(
      sandbox.url,
      { DATABASE_URL: database },
      { startArguments: ['node_modules/next/dist/bin/next', 'start'] },
    );
    onTestFinished(() => app.stop('SIGKILL'));
    const visitor = new Visitor(app.origin);
    const refused = await visitor.start(randomPhoneNumber());
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^[2-4]$/);
    expect(await refused.json()).toMatchObject({ code: 'store_unavailable' });
    expect((await visitor.fetch('/api/health')).status).toBe(503);
    expect((await visitor.fetch('/api/health/live')).status).toBe(200);
    // Somebody without a session needs no database to see the first step.
    expect((await visitor.fetch('/login')).status).toBe(200);
    expect((await visitor.fetch('/api/auth/callback/unknown', { method: 'POST' })).status).toBe(
      204,
    );
    expect(app.output()).toMatch(/"store_not_ready".*nothing listens at (?:127.0.0.1|localhost):/);
    await server.start();
    expect((await visitor.start(randomPhoneNumber())).status).toBe(200);
    expect(app.output().match(/"store_migrated"/g)).toHaveLength(1);
  },
);
