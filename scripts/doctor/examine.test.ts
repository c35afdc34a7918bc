import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';
import { migrate } from '#lib/store/migrate.ts';
import { openStore } from '#lib/store/open.ts';
import { openSqlite } from '#lib/store/sqlite.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { type Sandbox, startSandbox } from '#sandbox/server.ts';
import { TEST_SECRET } from '#tests/support/app-server.ts';
import { createDatabase, execute } from '#tests/support/postgres.ts';
import { type RedisServer, startRedis } from '#tests/support/redis.ts';
import { WEBHOOK_SECRET } from '#tests/support/webhook-receiver.ts';
import { examine } from './examine.ts';
import { type Check, type Finding, worstOf } from './finding.ts';
import { checkProxy } from './proxy.ts';
import { checkNode, NODE_MINIMUM } from './settings.ts';
import { judgeValidity } from './site.ts';
import { judgeDisk } from './store.ts';

let sandbox: Sandbox;
let site: { origin: string };
let redis: RedisServer;
beforeAll(async () => {
  sandbox = await startSandbox();
  site = await startSite(answerAsTheApp);
  redis = await startRedis();
});
afterAll(async () => {
  await sandbox.close();
  await redis.remove();
});

const answerAsTheApp: RequestListener = (request, response) => {
  response.setHeader('x-request-id', '5f0c8d1e2b3a4f6d');
  response.writeHead(request.method === 'POST' ? 204 : 200).end();
};

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** An HTTP server that runs until the tests end. */
async function startSite(answer: RequestListener): Promise<{ origin: string }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  return { origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` };
}

/** The address of a port on which nothing listens any more. */
async function closedOrigin(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'call-login-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'call-login.db');
}

async function migratedPostgres(): Promise<string> {
  const url = await createDatabase(inject('postgresUrl'));
  const store = openStore({ kind: 'postgres', url, poolSize: 1 });
  await migrate(store);
  await store.destroy();
  return url;
}

type Environment = Record<string, string>;

const sound = (): Environment => ({
  PAUTH_API_KEY: 'sandbox-key',
  PAUTH_BASE_URL: sandbox.url,
  APP_ORIGIN: site.origin,
  SESSION_SECRET: TEST_SECRET,
  DATABASE_URL: `file:${temporaryFile()}`,
});

/** Examines an environment that is fit but for what is given. */
async function examineWith(changes: Environment, isConfigOnly = false): Promise<Finding[]> {
  return await examine({ ...sound(), ...changes }, { isConfigOnly });
}

/** The findings of a check. */
const about = (check: Check, findings: readonly Finding[]) =>
  findings.filter((finding) => finding.check === check);

/** What is not ok, by its check. */
const troubles = (findings: readonly Finding[]) =>
  findings.filter(({ level }) => level !== 'ok').map(({ check, level }) => `${check}: ${level}`);

describe('an environment that is fit', () => {
  it('on PostgreSQL with Redis has a line for everything, all ok', async () => {
    const findings = await examineWith({
      DATABASE_URL: await migratedPostgres(),
      REDIS_URL: redis.url,
    });
    expect(findings.map(({ check, level }) => `${check}: ${level}`)).toEqual([
      'node: ok',
      'configuration: ok',
      'secrets: ok',
      'store: ok',
      'migrations: ok',
      'time limits: ok',
      'redis: ok',
      'vendor: ok',
      'clock: ok',
      'origin: ok',
      'callback: ok',
      'proxy: ok',
    ]);
  });

  it('creates no vendor session, and sends the key in one request', async () => {
    const control = createControlClient(sandbox.url);
    await control.reset();
    await examineWith({});
    expect(await control.sessions()).toEqual([]);
    const requests = await control.requests();
    expect(requests.filter(({ authorized }) => authorized)).toMatchObject([
      { method: 'GET', kind: 'check', status: 404 },
    ]);
  });

  it('discloses neither key, secret nor password', async () => {
    const url = new URL(await migratedPostgres());
    url.password = 'canary-password';
    const findings = [
      ...(await examineWith({ DATABASE_URL: url.href, PAUTH_API_KEY: 'canary-key' })),
      ...(await examineWith({
        DATABASE_URL: url.href.replace(url.host, new URL(await closedOrigin()).host),
      })),
    ];
    expect(worstOf(findings)).toBe('fail');
    expect(JSON.stringify(findings)).not.toMatch(new RegExp(`canary|${TEST_SECRET}`));
  });

  it('with --config-only sends nothing and opens no database', async () => {
    const path = temporaryFile();
    writeFileSync(path, 'not a database');
    const nowhere = await closedOrigin();
    const findings = await examineWith(
      { DATABASE_URL: `file:${path}`, APP_ORIGIN: nowhere, PAUTH_BASE_URL: nowhere },
      true,
    );
    expect(findings.map(({ check }) => check)).toEqual([
      'node',
      'configuration',
      'secrets',
      'proxy',
    ]);
    expect(worstOf(findings)).toBe('ok');
  });
});

describe('the configuration', () => {
  it('is reported fault by fault, with nothing else', async () => {
    const findings = await examine(
      { APP_ORIGIN: 'http://login.example.com', SESSION_SECRET: 'short' },
      { isConfigOnly: false },
    );
    expect(troubles(findings)).toEqual(Array(4).fill('configuration: fail'));
    expect(findings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Node /),
      expect.stringMatching(/^PAUTH_API_KEY is required/),
      expect.stringMatching(/^SESSION_SECRET must be at least 32 characters/),
      expect.stringMatching(/^SESSION_SECRET is too easy to guess/),
      expect.stringMatching(/^APP_ORIGIN must begin with https/),
    ]);
  });

  it.each<[Environment, string]>([
    [{ HTTPS_PROXY: 'http://proxy.example.com' }, 'configuration: warning'],
    [{ SESSION_SECRET: `${TEST_SECRET},${TEST_SECRET}` }, 'secrets: warning'],
    [
      { SESSION_SECRET: [1, 2, 3].map((each) => `${TEST_SECRET}${each}`).join() },
      'secrets: warning',
    ],
    [
      {
        PAUTH_BASE_URL: 'https://api.pauth.me',
        PAUTH_API_KEY: 'your_api_key_here',
        APP_ORIGIN: 'https://login.example.com',
      },
      'secrets: fail',
    ],
  ])('%j is %s', async (changes, trouble) => {
    expect(troubles(await examineWith(changes, true))).toEqual([trouble]);
  });
});

describe('Node', () => {
  it('is refused below what package.json requires, and an odd version is a risk', () => {
    const manifest = z.object({ engines: z.object({ node: z.string() }) });
    const { engines } = manifest.parse(JSON.parse(readFileSync('package.json', 'utf8')));
    expect(engines.node).toBe(`>=${NODE_MINIMUM}`);
    const levels = ['20.19.0', '22.17.1', '22.18.0', '23.9.0', '24.1.0'].map(
      (version) => checkNode(version).level,
    );
    expect(levels).toEqual(['fail', 'fail', 'ok', 'warning', 'ok']);
  });
});

describe('SQLite', () => {
  it('that is missing stays missing, and boot can create it', async () => {
    const path = temporaryFile();
    const findings = await examineWith({ DATABASE_URL: `file:${path}` });
    expect(about('store', findings)).toMatchObject([
      { level: 'ok', message: expect.stringContaining('does not exist yet') },
    ]);
    expect(() => readFileSync(path)).toThrow('ENOENT');
  });

  it('is read and written, and its tables are up to date', async () => {
    const path = temporaryFile();
    const store = openSqlite(path);
    await migrate(store);
    await store.destroy();
    expect(troubles(await examineWith({ DATABASE_URL: `file:${path}` }))).toEqual([]);
  });

  it('without tables, or with those of a newer version, is a warning that names the migrations', async () => {
    const path = temporaryFile();
    const store = openSqlite(path);
    const before = about('migrations', await examineWith({ DATABASE_URL: `file:${path}` }));
    await migrate(store);
    await store.destroy();
    const database = new DatabaseSync(path);
    database.exec(`insert into kysely_migration values ('9999-future', '2030-01-01')`);
    database.close();
    const after = about('migrations', await examineWith({ DATABASE_URL: `file:${path}` }));
    expect([...before, ...after]).toMatchObject([
      { level: 'warning', message: expect.stringContaining('0001-first') },
      { level: 'warning', message: expect.stringContaining('9999-future') },
    ]);
  });

  it('is refused where the file is none of SQLite', async () => {
    const path = temporaryFile();
    writeFileSync(path, 'This is a text, and no database.'.repeat(100));
    const findings = await examineWith({ DATABASE_URL: `file:${path}` });
    expect(about('store', findings)).toMatchObject([
      { level: 'fail', message: expect.stringContaining('is not a database of SQLite') },
    ]);
  });
});

describe('PostgreSQL', () => {
  it('that is not there is refused, with its address', async () => {
    const { host } = new URL(await closedOrigin());
    const findings = await examineWith({ DATABASE_URL: `postgres://postgres@${host}/postgres` });
    expect(about('store', findings)).toMatchObject([
      { level: 'fail', message: expect.stringContaining(`nothing listens at ${host}`) },
    ]);
  });

  it('without the database is refused, with its name', async () => {
    const url = new URL(inject('postgresUrl'));
    url.pathname = '/nowhere';
    const findings = await examineWith({ DATABASE_URL: url.href });
    expect(about('store', findings)).toMatchObject([
      { level: 'fail', message: expect.stringContaining('has no database nowhere') },
    ]);
  });

  it('that can only be read is refused', async () => {
    const url = await migratedPostgres();
    const name = new URL(url).pathname.slice(1);
    await execute(url, `alter database ${name} set default_transaction_read_only = on`);
    const findings = await examineWith({ DATABASE_URL: url });
    expect(troubles(findings)).toEqual(['store: fail']);
  });

  it('that ignores the time limits of a connection is a risk', async () => {
    const url = await migratedPostgres();
    await execute(
      url,
      `create function ignore_limits() returns event_trigger language plpgsql as $$
       begin perform set_config('statement_timeout', '0', false); end $$`,
    );
    await execute(url, 'create event trigger ignoring on login execute function ignore_limits()');
    const findings = await examineWith({ DATABASE_URL: url });
    expect(troubles(findings)).toEqual(['time limits: warning']);
    expect(about('time limits', findings)).toMatchObject([
      { fix: expect.stringContaining('alter role … set statement_timeout = 2000 ') },
    ]);
  });
});

describe('Redis', () => {
  it('that is not there is a risk, with its address', async () => {
    const { host } = new URL(await closedOrigin());
    const findings = await examineWith({ REDIS_URL: `redis://${host}` });
    expect(about('redis', findings)).toMatchObject([
      { level: 'warning', message: expect.stringContaining(`ECONNREFUSED ${host}`) },
    ]);
  });

  it('that refuses the password is a risk', async () => {
    const url = new URL(redis.url);
    url.username = 'nobody';
    url.password = 'canary';
    const [finding] = about('redis', await examineWith({ REDIS_URL: url.href }));
    expect(finding).toMatchObject({
      level: 'warning',
      message: expect.stringContaining('WRONGPASS'),
    });
    expect(JSON.stringify(finding)).not.toContain('canary');
  });

  it.each(['publish', 'subscribe'])('that does not let its user %s is a risk', async (command) => {
    const administrator = new Redis(redis.url);
    onTestFinished(() => administrator.disconnect());
    await administrator.acl(
      'SETUSER',
      'limited',
      'reset',
      'on',
      '>password',
      '&*',
      '+@all',
      `-${command}`,
    );
    const url = new URL(redis.url);
    url.username = 'limited';
    url.password = 'password';
    const findings = await examineWith({ REDIS_URL: url.href });
    expect(about('redis', findings)).toMatchObject([
      { level: 'warning', message: expect.stringContaining(`'${command}' command`) },
    ]);
  });
});

describe('the disk of SQLite', () => {
  it('has room, and its folder is writable', async () => {
    expect(about('disk', await examineWith({}))).toMatchObject([
      { level: 'ok', message: expect.stringMatching(/^The disk of .+ has \d+ MiB left\.$/) },
    ]);
  });

  it.each([
    [true, 1_024, 'ok', 'has 1024 MiB left'],
    [true, 1_023, 'warning', 'has 1023 MiB left. When it is full'],
    [false, 9_999, 'fail', '/data is not writable'],
  ])('that is writable: %s, with %i MiB left: %s', (isWritable, freeMib, level, message) => {
    const finding = judgeDisk('/data', isWritable, freeMib);
    expect(finding).toMatchObject({ level, message: expect.stringContaining(message) });
  });
});

describe('the webhook', () => {
  /** Examines an environment whose events go to a path of an origin. */
  const examineWebhook = async (origin: string) =>
    about('webhook', await examineWith({ WEBHOOK_URL: `${origin}/events/canary`, WEBHOOK_SECRET }));

  it('is asked for its headers alone, and may refuse that', async () => {
    const asked: (string | undefined)[] = [];
    const receiver = await startSite(({ method, url }, response) => {
      asked.push(`${method} ${url}`);
      response.writeHead(405).end();
    });
    const [finding] = await examineWebhook(receiver.origin);
    expect(finding?.level).toBe('ok');
    expect(JSON.stringify(finding)).not.toContain('canary');
    expect(asked).toEqual(['HEAD /events/canary']);
  });

  it('that is not there, or that redirects, is a risk', async () => {
    const elsewhere = await startSite((_, response) =>
      response.writeHead(308, { location: 'https://events.example.com/' }).end(),
    );
    expect(await examineWebhook(await closedOrigin())).toMatchObject([
      { level: 'warning', message: expect.stringContaining('ECONNREFUSED') },
    ]);
    expect(await examineWebhook(elsewhere.origin)).toMatchObject([
      { level: 'warning', message: expect.stringContaining('redirects (308)') },
    ]);
  });
});

describe('the collector of metrics and traces', () => {
  /** Examines an environment with a collector, which is that of this process too. */
  async function examineCollector(origin: string, others: Environment = {}) {
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: origin, ...others };
    for (const [name, value] of Object.entries(environment)) {
      vi.stubEnv(name, value);
    }
    onTestFinished(() => void vi.unstubAllEnvs());
    return about('telemetry', await examineWith(environment));
  }

  it('is sent nothing, with the headers that are set for it', async () => {
    const received: unknown[] = [];
    const collector = await startSite(async (request, response) => {
      const chunks = await request.toArray();
      received.push([
        request.url,
        request.headers.authorization,
        Buffer.concat(chunks).length < 500,
      ]);
      response.writeHead(200).end();
    });
    const headers = { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer canary' };
    expect(await examineCollector(collector.origin, headers)).toMatchObject([{ level: 'ok' }]);
    expect(received.toSorted()).toEqual([
      ['/v1/metrics', 'Bearer canary', true],
      ['/v1/traces', 'Bearer canary', true],
    ]);
  });

  it('that is not there, or refuses, is a risk', async () => {
    expect(await examineCollector(await closedOrigin())).toMatchObject([
      { level: 'warning', message: expect.stringContaining('ECONNREFUSED') },
    ]);
    const refusing = await startSite((_, response) => response.writeHead(401).end());
    const tracesOnly = { OTEL_METRICS_EXPORTER: 'none' };
    expect(await examineCollector(refusing.origin, tracesOnly)).toMatchObject([
      { level: 'warning', message: expect.stringContaining('Unauthorized') },
    ]);
  });
});

describe('the vendor', () => {
  it('that refuses the key is refused', async () => {
    const findings = await examineWith({ PAUTH_API_KEY: 'another-key' });
    expect(about('vendor', findings)).toMatchObject([
      { level: 'fail', message: expect.stringContaining('refuses PAUTH_API_KEY with 401') },
    ]);
  });

  it.each([
    ['answers 403', { kind: 'status', status: 403 }, 'fail'],
    ['answers 500', { kind: 'status', status: 500 }, 'fail'],
    ['answers 422', { kind: 'status', status: 422 }, 'warning'],
    ['asks for fewer requests', { kind: 'status', status: 429 }, 'warning'],
    ['sends junk', { kind: 'malformed' }, 'fail'],
    ['redirects', { kind: 'redirect', location: 'https://www.example.com/' }, 'fail'],
    ['hangs up', { kind: 'reset' }, 'fail'],
    ['does not answer', { kind: 'slow_body' }, 'fail'],
  ] as const)('that %s', async (_, fault, level) => {
    const control = createControlClient(sandbox.url);
    await control.addFault(fault);
    onTestFinished(() => control.clearFaults());
    const findings = await examineWith({ PAUTH_TIMEOUT_MS: '500' });
    expect(troubles(findings)).toEqual([`vendor: ${level}`]);
  });

  it('that is not there is refused', async () => {
    const findings = await examineWith({ PAUTH_BASE_URL: await closedOrigin() });
    expect(about('vendor', findings)).toMatchObject([
      {
        level: 'fail',
        message: expect.stringContaining('cannot be reached: connect ECONNREFUSED'),
      },
    ]);
    expect(about('clock', findings)).toEqual([]);
  });

  it.each([
    ['behind', 60_000],
    ['ahead of', -60_000],
  ])('whose clock shows that ours is %s it is a risk', async (direction, offsetMs) => {
    const vendor = await startSite((_, response) => {
      response.setHeader('date', new Date(Date.now() + offsetMs).toUTCString());
      response.writeHead(404).end();
    });
    const findings = await examineWith({ PAUTH_BASE_URL: vendor.origin });
    expect(about('clock', findings)).toMatchObject([
      { level: 'warning', message: expect.stringMatching(`(59|60|61) s ${direction} the vendor`) },
    ]);
  });
});

describe('the site', () => {
  it('that is not there is refused', async () => {
    const findings = await examineWith({ APP_ORIGIN: await closedOrigin() });
    expect(troubles(findings)).toEqual(['origin: fail']);
  });

  it.each<[string, RequestListener, string[]]>([
    [
      'redirects elsewhere',
      (_, response) => response.writeHead(308, { location: 'https://www.example.com/x' }).end(),
      ['origin: fail', 'callback: warning'],
    ],
    [
      'is another one',
      (_, response) => response.end('<h1>It works!</h1>'),
      ['origin: fail', 'callback: warning'],
    ],
    [
      'asks for a password',
      (_, response) => response.writeHead(401).end(),
      ['origin: fail', 'callback: warning'],
    ],
    [
      'refuses a POST without a cookie',
      (request, response) =>
        request.method === 'POST'
          ? response.writeHead(403).end()
          : answerAsTheApp(request, response),
      ['callback: warning'],
    ],
    [
      'has another secret, and clears our cookie',
      (request, response) => {
        if (/^call-login-session=[^;]+$/.test(request.headers.cookie ?? '')) {
          response.setHeader('set-cookie', 'call-login-session=; Path=/; Max-Age=0');
        }
        answerAsTheApp(request, response);
      },
      ['callback: fail'],
    ],
    [
      'answers through a proxy that is not trusted',
      (request, response) => {
        response.setHeader('server', 'nginx');
        answerAsTheApp(request, response);
      },
      ['proxy: warning'],
    ],
    [
      'answers through a platform that is not trusted',
      (request, response) => {
        response.setHeader('cf-ray', '8d1e2b3a4f6d5f0c-NRT');
        answerAsTheApp(request, response);
      },
      ['proxy: fail'],
    ],
  ])('that %s', async (_, answer, expected) => {
    const { origin } = await startSite(answer);
    expect(troubles(await examineWith({ APP_ORIGIN: origin }))).toEqual(expected);
  });

  it('is warned of an address that the real vendor cannot call back', async () => {
    // No request leaves the machine: the name of the vendor does not exist.
    const findings = await examineWith({ PAUTH_BASE_URL: 'https://vendor.invalid' });
    expect(about('callback', findings)).toMatchObject([
      { level: 'warning', message: expect.stringContaining('127.0.0.1 is no address') },
    ]);
  });

  it('has a certificate that ends soon, or not', () => {
    const now = new Date('2026-11-01T00:00:00Z');
    const [soon, later] = [new Date('2026-11-04T12:00:00Z'), new Date('2026-12-31T00:00:00Z')];
    expect(judgeValidity(soon, now)).toMatchObject({
      level: 'warning',
      message: 'The certificate is valid for 3 more days, until 2026-11-04.',
    });
    expect(judgeValidity(later, now).level).toBe('ok');
  });
});

describe('TRUSTED_PROXY', () => {
  const none = new Headers();
  it.each([
    [{ hops: 0 }, {}, none, 'ok'],
    [{ hops: 0 }, { VERCEL: '1' }, null, 'fail'],
    [{ hops: 0 }, { K_SERVICE: 'login' }, null, 'fail'],
    [{ header: 'cf-connecting-ip' }, { DYNO: 'web.1' }, none, 'warning'],
    [{ hops: 0 }, { DYNO: 'web.1' }, null, 'warning'],
    [{ hops: 0 }, {}, new Headers({ via: '1.1 vegur' }), 'warning'],
    [{ hops: 1 }, {}, new Headers({ via: '1.1 vegur' }), 'ok'],
    [{ hops: 1 }, {}, new Headers({ 'cf-ray': '1' }), 'warning'],
    [{ header: 'cf-connecting-ip' }, {}, new Headers({ 'cf-ray': '1' }), 'ok'],
    [{ header: 'cf-connecting-ip' }, {}, none, 'warning'],
    [{ header: 'cf-connecting-ip' }, {}, null, 'ok'],
    [{ header: 'fly-client-ip' }, { FLY_APP_NAME: 'login' }, none, 'ok'],
  ])('%j with %j', (trusted, environment, headers, level) => {
    expect(checkProxy(trusted, environment, headers).level).toBe(level);
  });
});
