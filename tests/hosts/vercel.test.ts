import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { chromium } from '@playwright/test';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { en } from '#lib/shared/messages/en.ts';
import { ja } from '#lib/shared/messages/ja.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { findFreePort } from '#scripts/processes.ts';
import { TEST_SECRET } from '#tests/support/app-server.ts';
import { chromiumArguments, findHeadlessShell } from '#tests/support/chromium.ts';
import { hasVercel } from '#tests/support/has-vercel.ts';
import { logInDespiteBreaks } from '#tests/support/login-despite-breaks.ts';
import { createDatabase, execute, startPostgres } from '#tests/support/postgres.ts';
import { runScript } from '#tests/support/run-script.ts';
import { API, type Instance, readFunction, startInstance } from '#tests/support/vercel.ts';
import { startEdge } from '#tests/support/vercel-edge.ts';
import { startVercelSite, vercelEnv } from '#tests/support/vercel-site.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';
import { startReceiver, WEBHOOK_SECRET } from '#tests/support/webhook-receiver.ts';

/** Each first request starts a process, and twenty of them share the cores of this machine. */
const patient = { timeout: 300_000 };

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
async function openSite(
  places: Places,
  env: Readonly<Record<string, string>> = {},
  options: Parameters<typeof startVercelSite>[3] = {},
) {
  const site = await startVercelSite(inject('vercelBuild').folder, places, env, options);
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
    const phoneNumber = randomPhoneNumber();
    const { call_number } = attemptViewSchema.parse(
      await (await visitor.start(phoneNumber)).json(),
    );
    await places.vendor.call(phoneNumber, call_number);
    expect(await (await visitor.status()).json()).toEqual({ status: 'verified' });
    await server.stop();
    // The function of this page starts now.
    expect((await visitor.fetch('/account')).status).toBe(500);
    await server.start();
    expect((await visitor.fetch('/account')).status).toBe(200);
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

  it('serves pages and files as its routes say, through the proxy, and 404 for the rest', async () => {
    let connectionsToRedis = 0;
    const redis = createServer((socket) => {
      connectionsToRedis += 1;
      socket.destroy();
    });
    const redisPort = await findFreePort();
    await once(redis.listen(redisPort, '127.0.0.1'), 'listening');
    onTestFinished(() => void redis.close());
    const places = await openPlaces();
    const site = await openSite(places, { REDIS_URL: `redis://127.0.0.1:${redisPort}` });
    const visitor = new Visitor(site.origin);
    const page = await visitor.fetch('/login', { headers: { 'accept-language': 'ja' } });
    const connections = await execute(
      places.databaseUrl,
      "select 1 from pg_stat_activity where datname = current_database() and application_name = 'call-login'",
    );
    // Neither the proxy nor this page needs either.
    expect([connections, connectionsToRedis]).toEqual([[], 0]);
    const html = await page.text();
    const policy = page.headers.get('content-security-policy');
    const [, nonce] = /'nonce-([^']+)'/.exec(policy ?? '') ?? [];
    expect(page.headers.get('x-frame-options')).toBe('DENY');
    expect(html).toContain('<html lang="ja"');
    expect(html).toContain(`nonce="${nonce}"`);
    const [script = ''] = /\/_next\/static\/[^"]+\.js/.exec(html) ?? [];
    const seen: unknown[] = [];
    for (const [method, path] of [
      ['GET', script],
      ['GET', '/logo.svg'],
      ['GET', '/account'],
      ['GET', '/account/'],
      ['GET', `/call/${'x'.repeat(43)}`],
      ['POST', '/login'],
      ['GET', '/nowhere/at/all'],
    ] as const) {
      const answer = await visitor.fetch(path, { method, headers: { 'accept-language': 'ja' } });
      const text = await answer.text();
      seen.push([
        path === script ? 'script' : path,
        answer.status,
        answer.headers.get('location'),
        text.includes(`<h1>${ja.site.notFoundHeading}</h1>`),
      ]);
    }
    expect(seen).toEqual([
      ['script', 200, null, false],
      ['/logo.svg', 200, null, false],
      ['/account', 307, '/login', false],
      ['/account/', 308, '/account', false],
      // Next leaves the text of this one to the browser.
      [`/call/${'x'.repeat(43)}`, 404, null, false],
      ['/login', 405, null, false],
      ['/nowhere/at/all', 404, null, true],
    ]);
    expect(site.output()).not.toMatch(/"level":"error"|Cannot find module/);
  });

  it('logs a person in with a browser', async () => {
    const places = await openPlaces();
    const site = await openSite(places);
    const executablePath = findHeadlessShell();
    const browser = await chromium.launch({
      ...(executablePath === null ? {} : { executablePath }),
      args: [...chromiumArguments],
    });
    onTestFinished(() => browser.close());
    const page = await browser.newPage({ baseURL: site.origin, locale: 'en-US' });
    const problems: string[] = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto('/');
    await page.getByLabel(en.login.numberLabel, { exact: true }).fill('090-1234-5678');
    await page.getByRole('button', { name: en.login.numberSubmit }).click();
    await page.getByRole('heading', { level: 1, name: en.login.callHeading }).waitFor();
    const [session] = await places.vendor.sessions('+819012345678');
    await places.vendor.call('+819012345678', session?.call_number ?? '');
    await page.waitForURL('/account');
    await page.getByText('090-1234-5678').waitFor();
    expect(problems).toEqual([]);
  });

  it('counts fourteen visitors by their own networks, whatever they say of them', async () => {
    const site = await openSite(
      await openPlaces(),
      { START_LIMIT_PER_NETWORK: '1/600' },
      { clientOf: ({ socket }) => String(socket.remoteAddress) },
    );
    const startFrom = async (localAddress: string, headers: Record<string, string>) =>
      await new Promise<number | undefined>((done, fail) => {
        const options = { method: 'POST', localAddress, family: 4 };
        const common = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' };
        request(`${site.origin}/api/auth/start`, { ...options, headers: { ...common, ...headers } })
          .on('response', (response) => done(response.resume().statusCode))
          .on('error', fail)
          .end(JSON.stringify({ phone_number: randomPhoneNumber() }));
      });
    const addresses = Array.from({ length: 14 }, (_, index) => `127.0.1.${index + 1}`);
    for (const address of addresses) {
      expect(await startFrom(address, {})).toBe(200);
    }
    for (const [index, address] of addresses.entries()) {
      const other = `198.51.100.${index}`;
      const pretended = {
        'x-forwarded-for': other,
        'x-real-ip': other,
        'x-vercel-forwarded-for': other,
        forwarded: `for=${other}`,
      };
      expect(await startFrom(address, pretended)).toBe(429);
    }
  });

  it('logs everybody in once while four instances are suspended between requests and killed', async () => {
    const places = await openPlaces();
    migrate(places);
    const port = await findFreePort();
    const origin = `http://localhost:${port}`;
    const start = () => startApi(origin, places, { SUSPENDS: '1', PAUTH_TIMEOUT_MS: '1000' });
    const fleet = await Promise.all([start(), start(), start(), start()]);
    const choose = () => {
      const [instance] = fleet.slice(randomInt(fleet.length));
      if (instance === undefined) {
        throw new Error('no instance is left');
      }
      return instance;
    };
    const { folder } = inject('vercelBuild');
    const edge = await startEdge({ port, folder, instanceOf: async () => choose() });
    onTestFinished(() => edge.close());

    const loggedIn: Visitor[] = [];
    let isOver = false;
    const people = Array.from({ length: 6 }, async () => {
      while (!isOver) {
        const visitor = new Visitor(origin);
        await logInDespiteBreaks(visitor, places.vendor);
        loggedIn.push(visitor);
      }
    });
    const all = Promise.all(people);
    for (let kills = 0; kills < 4; kills += 1) {
      const enough = loggedIn.length + 8;
      const isEnough = vi.waitUntil(() => loggedIn.length >= enough, { timeout: 60_000 });
      await Promise.race([isEnough, all]);
      const killed = choose();
      fleet.splice(fleet.indexOf(killed), 1);
      await killed.stop('SIGKILL');
      fleet.push(await start());
    }
    isOver = true;
    await all;
    const states = () => fleet.map(({ pid }) => readFileSync(`/proc/${pid}/stat`, 'utf8'));
    await expect.poll(states).toEqual(Array(4).fill(expect.stringContaining(') T ')));
    // Idle connections end while an instance is suspended.
    const sessions = await execute(
      places.databaseUrl,
      `select *, (select count(pg_terminate_backend(pid)) from pg_stat_activity
         where datname = current_database() and application_name = 'call-login') from sessions`,
    );
    expect(sessions).toHaveLength(loggedIn.length);
    const answers = await Promise.all(
      loggedIn.map(async (visitor) => (await visitor.fetch('/api/auth/session')).status),
    );
    expect(new Set(answers)).toEqual(new Set([200]));
  });

  it('sends the events that wait for the webhook when the scheduler calls', async () => {
    const places = await openPlaces();
    const { url, received } = await startReceiver();
    const env = { SUSPENDS: '1', WEBHOOK_URL: url.href, WEBHOOK_SECRET, CRON_SECRET: TEST_SECRET };
    const site = await openSite(places, env);
    const visitor = new Visitor(site.origin);
    expect((await visitor.start(randomPhoneNumber())).status).toBe(200);
    // The instance is suspended from now on.
    expect((await visitor.post('/api/auth/cancel', '')).status).toBe(200);
    const authorization = `Bearer ${TEST_SECRET}`;
    const typesAfterCall = async () => {
      await visitor.fetch('/api/cron/sweep', { headers: { authorization } });
      return new Set(received.map(({ event }) => event.type));
    };
    // One that was being sent when its instance was suspended is sent on by the next call.
    await expect
      .poll(typesAfterCall, { timeout: 40_000 })
      .toEqual(new Set(['attempt_started', 'attempt_cancelled']));
  });
});
