import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect, createServer } from 'node:net';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { setDefaultCACertificates } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { selfSigned } from '#sandbox/self-signed.ts';
import { startSandbox } from '#sandbox/server.ts';
import { examine } from '#scripts/doctor/examine.ts';
import { findFreePort } from '#scripts/processes.ts';
import { startAppServer, TEST_SECRET } from '#tests/support/app-server.ts';
import { startNginx } from '#tests/support/nginx.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

setDefaultCACertificates([selfSigned.cert]);

/** deploy/nginx.conf on free ports, with a certificate of its own. */
async function exampleSite(appPort: number, port: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'call-login-tls-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await writeFile(cert, selfSigned.cert);
  await writeFile(key, selfSigned.key);
  return readFileSync('deploy/nginx.conf', 'utf8')
    .replaceAll(/^ *listen \[::\].*\n/gm, '')
    .replace('listen 80', `listen 127.0.0.1:${await findFreePort()}`)
    .replace('listen 443', `listen 127.0.0.1:${port}`)
    .replace('127.0.0.1:3000', `127.0.0.1:${appPort}`)
    .replace(/ssl_certificate \S+;/, `ssl_certificate ${cert};`)
    .replace(/ssl_certificate_key \S+;/, `ssl_certificate_key ${key};`);
}

/** What nginx does where nothing but the address of the app is set: HTTP/1.0, buffers, a Host of its own. */
const defaultSite = (appPort: number, port: number) =>
  `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${appPort}; } }`;

async function deployBehind(
  siteFor: (appPort: number, port: number) => string | Promise<string>,
  scheme: 'http' | 'https',
  env: Readonly<Record<string, string>>,
) {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const port = await findFreePort();
  const origin = `${scheme}://localhost:${port}`;
  const app = await startAppServer(sandbox.url, {
    APP_ORIGIN: origin,
    STATUS_WAIT_SECONDS: '2',
    ...env,
  });
  onTestFinished(() => app.stop('SIGKILL'));
  const nginx = await startNginx(await siteFor(app.port, port));
  onTestFinished(() => nginx.remove());
  return {
    origin,
    port,
    nginx,
    sandboxUrl: sandbox.url,
    vendor: createControlClient(sandbox.url),
  };
}

/**
 * Puts a network between nginx and the app on which everything, the end of a connection too, takes a while: what one side
 * sends may cross what the other has just closed. @returns its port.
 */
async function startSlowNetwork(appPort: number): Promise<number> {
  async function* delayed(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      await delay(50);
      yield chunk;
    }
    await delay(50);
  }
  const server = createServer((near) => {
    const far = connect(appPort, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      pipeline(from, delayed, to).catch(() => to.destroy());
    }
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

type Site = Awaited<ReturnType<typeof deployBehind>>;

async function expectLogin({ origin, vendor, nginx }: Site): Promise<void> {
  const [visitor, phoneNumber] = [new Visitor(origin), randomPhoneNumber()];
  expect(await (await visitor.fetch('/login')).text()).toContain('</html>');
  const started = await visitor.start(phoneNumber);
  const { call_number: callNumber } = attemptViewSchema.parse(await started.json());
  const pending = await visitor.status();
  expect(await pending.json()).toMatchObject({ status: 'pending' });
  const held = visitor.status();
  await vendor.call(phoneNumber, callNumber);
  expect(await (await held).json()).toEqual({ status: 'verified' });
  expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
  expect((await visitor.post('/api/auth/logout', {})).status).toBe(200);
  expect(nginx.errors()).toBe('');
}

/** Starts an attempt from an address of this machine. @returns the status of the answer. */
async function startFrom(
  localAddress: string,
  { port, origin }: Site,
  headers: Readonly<Record<string, string>> = {},
): Promise<number | undefined> {
  const body = JSON.stringify({ phone_number: randomPhoneNumber() });
  return await new Promise((resolve, reject) => {
    request({
      ...{ host: '127.0.0.1', port, localAddress, method: 'POST', path: '/api/auth/start' },
      headers: { origin, 'content-type': 'application/json', ...headers },
    })
      .on('error', reject)
      .on('response', (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode));
      })
      .end(body);
  });
}

/** What the doctor says of a site, of each line its level. */
async function examineSite({ origin, sandboxUrl }: Site, trustedProxy: string) {
  const findings = await examine(
    {
      PAUTH_API_KEY: 'sandbox-key',
      PAUTH_BASE_URL: sandboxUrl,
      APP_ORIGIN: origin,
      SESSION_SECRET: TEST_SECRET,
      DATABASE_URL: `file:${tmpdir()}/call-login-of-nobody.db`,
      TRUSTED_PROXY: trustedProxy,
    },
    { isConfigOnly: false },
  );
  return Object.fromEntries(findings.map(({ check, level }) => [check, level]));
}

describe('behind nginx with its defaults', () => {
  it('is told by the doctor that nginx is not trusted', async () => {
    const site = await deployBehind(defaultSite, 'http', { TRUSTED_PROXY: '0' });
    expect(await examineSite(site, '0')).toMatchObject({
      origin: 'ok',
      callback: 'ok',
      proxy: 'warning',
    });
  });

  it('logs a person in and holds polls', async () => {
    await expectLogin(await deployBehind(defaultSite, 'http', { TRUSTED_PROXY: '0' }));
  });
});

describe('behind nginx as in deploy/nginx.conf', () => {
  it('logs a person in and holds polls', async () => {
    await expectLogin(await deployBehind(exampleSite, 'https', {}));
  });

  it('is found fit by the doctor', async () => {
    const levels = await examineSite(await deployBehind(exampleSite, 'https', {}), '1');
    expect(levels).toMatchObject({ certificate: 'ok', origin: 'ok', callback: 'ok', proxy: 'ok' });
    expect(new Set(Object.values(levels))).toEqual(new Set(['ok']));
  });

  // Other systems have only one loopback address.
  it.runIf(platform() === 'linux')(
    'counts by the address of the client, whatever headers it sends',
    async () => {
      const site = await deployBehind(exampleSite, 'https', { START_LIMIT_PER_NETWORK: '2/600' });
      const statuses = [
        await startFrom('127.0.0.3', site),
        await startFrom('127.0.0.3', site),
        await startFrom('127.0.0.3', site),
        await startFrom('127.0.0.3', site, { 'x-forwarded-for': '192.0.2.1' }),
        await startFrom('127.0.0.4', site),
      ];
      expect(statuses).toEqual([200, 200, 429, 429, 200]);
    },
  );

  it('answers every request while nginx drops its idle connections', async () => {
    const site = await deployBehind(
      async (appPort, port) =>
        (await exampleSite(await startSlowNetwork(appPort), port)).replace(
          'keepalive 64;',
          'keepalive 64; keepalive_timeout 1s;',
        ),
      'https',
      {},
    );
    const statuses: number[] = [];
    const post = async (visitor: Visitor) => {
      const response = await visitor.post('/api/auth/cancel', {});
      await response.arrayBuffer();
      statuses.push(response.status);
    };
    const visitors = Array.from({ length: 40 }, () => new Visitor(site.origin));
    await Promise.all(visitors.map(post));
    // Each a little later than the one before, around the moment at which the connections have been idle for a second.
    const requests = visitors.map(async (visitor, index) => {
      await delay(800 + index * 10);
      await post(visitor);
    });
    await Promise.all(requests);
    expect(statuses).toEqual(Array(80).fill(200));
    expect(site.nginx.errors()).toBe('');
  });
});
