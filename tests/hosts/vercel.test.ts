import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { hasVercel } from '#tests/support/has-vercel.ts';
import { createDatabase, execute, startPostgres } from '#tests/support/postgres.ts';
import { runScript } from '#tests/support/run-script.ts';
import { API, type Instance, readFunction, startInstance } from '#tests/support/vercel.ts';
import { startVercelSite, vercelEnv } from '#tests/support/vercel-site.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

/** Each first request starts a process. */
const patient = { timeout: 120_000 };

/** The database of a site, and a sandbox as its vendor. */
async function openPlaces(databaseUrl?: string) {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  return {
    vendor: createControlClient(sandbox.url),
    sandboxUrl: sandbox.url,
    databaseUrl: databaseUrl ?? (await createDatabase(inject('postgresUrl'))),
  };
}

type Places = Awaited<ReturnType<typeof openPlaces>>;

/** Applies the migrations, as the build of a production deployment does. */
function migrate({ databaseUrl }: Places): void {
  expect(runScript('migrate', { DATABASE_URL: databaseUrl }).stdout).toMatch(
    /^Applied: 0001-first/,
  );
}

/** A site with an instance for each function. */
async function openSite(places: Places, env: Readonly<Record<string, string>> = {}) {
  const site = await startVercelSite(inject('vercelBuild').folder, places, env);
  onTestFinished(() => site.close());
  return site;
}

/** An instance of the function of the API. */
async function startApi(
  origin: string,
  places: Places,
  env: Readonly<Record<string, string>> = {},
) {
  const required = vercelEnv(origin, places.sandboxUrl, places.databaseUrl);
  const { folder } = inject('vercelBuild');
  const instance = await startInstance(folder, API, { ...required, ...env });
  onTestFinished(() => instance.stop('SIGKILL'));
  return instance;
}

/** Sends a request to an instance itself. */
const ask = (instance: Instance, path: string) =>
  fetch(`http://localhost:${instance.port}/api/${path}?nxtPpath=${path}`, {
    headers: { 'x-matched-path': `/${API}` },
  });

describe.skipIf(!hasVercel)('what Vercel itself builds', patient, () => {
  it('is built as a preview without touching the database', () => {
    expect(inject('vercelBuild').output).toContain('No migration is applied: MIGRATIONS is off');
  });

  it('has a function for the API that may hold polls and is told of clients that leave', async () => {
    expect(await readFunction(inject('vercelBuild').folder, API)).toMatchObject({
      maxDuration: 120,
      supportsCancellation: true,
    });
  });

  it('answers 503 as a preview, and says why, where the database lacks migrations', async () => {
    const places = await openPlaces();
    const instance = await startApi('http://localhost:9', places, { VERCEL_ENV: 'preview' });
    expect((await ask(instance, 'health')).status).toBe(503);
    expect(instance.output()).toMatch(/"store_not_ready".*lacks migrations \(0001-first, /);
    const tables = await execute(
      places.databaseUrl,
      "select tablename from pg_tables where schemaname = 'public'",
    );
    expect(tables).toEqual([]);
  });

  it('answers 503 at a cold start while the database is away, and recovers by itself', async () => {
    const server = await startPostgres();
    onTestFinished(() => server.remove());
    const places = await openPlaces(await createDatabase(server.url));
    await server.stop();
    const site = await openSite(places);
    const visitor = new Visitor(site.origin);
    const refused = await visitor.start(randomPhoneNumber());
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^[2-4]$/);
    expect(await refused.json()).toMatchObject({ code: 'store_unavailable' });
    expect(site.output()).toMatch(/"store_not_ready".*nothing listens at 127\.0\.0\.1:/);
    // Neither the proxy nor somebody without a session needs it.
    expect((await visitor.fetch('/login')).status).toBe(200);
    expect((await visitor.fetch('/api/health/live')).status).toBe(200);
    await server.start();
    expect((await visitor.start(randomPhoneNumber())).status).toBe(200);
    expect((await visitor.fetch('/login')).status).toBe(200);
  });

  it.each(['empty', 'migrated'])(
    'twenty cold starts at once on one %s database answer, though it accepts few connections',
    async (state) => {
      const server = await startPostgres({ settings: ['max_connections=70'] });
      onTestFinished(() => server.remove());
      const places = await openPlaces(await createDatabase(server.url));
      if (state === 'migrated') {
        migrate(places);
      }
      const instances = await Promise.all(
        Array.from({ length: 20 }, () => startApi('http://localhost:9', places)),
      );
      const answers = await Promise.all(instances.map((instance) => ask(instance, 'health')));
      const output = instances.map((instance) => instance.output()).join('');
      const statuses = answers.map(({ status }) => status);
      expect(statuses, output).toEqual(Array(20).fill(200));
      expect(output.match(/"store_migrated"/g) ?? []).toHaveLength(state === 'empty' ? 1 : 0);
      expect(output).not.toContain('"level":"error"');
    },
  );

  it('logs a person in, with a process for each function', async () => {
    const places = await openPlaces();
    migrate(places);
    const site = await openSite(places);
    const visitor = new Visitor(site.origin);
    const phoneNumber = randomPhoneNumber();
    const started = await visitor.start(phoneNumber);
    const { call_number } = attemptViewSchema.parse(await started.json());
    const held = visitor.status();
    await places.vendor.call(phoneNumber, call_number);
    expect(await (await held).json()).toEqual({ status: 'verified' });
    const account = await visitor.fetch('/account');
    expect([account.status, await account.text()]).toEqual([200, expect.stringContaining('html')]);
    expect((await visitor.fetch('/api/cron/sweep')).status).toBe(404);
    expect((await visitor.post('/api/auth/logout', '')).status).toBe(200);
    expect((await visitor.fetch('/account')).status).toBe(307);
    expect(site.output()).not.toMatch(/"level":"error"/);
  });
});
