import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { errorReplySchema } from '#lib/shared/contract.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { type AppServer, startAppServer } from '#tests/support/app-server.ts';
import { appOrigin, sandboxUrl } from '#tests/support/servers.ts';
import { randomNetwork, randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';
import { forEachOf, isNextHost, ownPage, send, sendBytes } from './send.ts';

/** A start that is refused at once, since it has neither Sec-Fetch-Site nor Origin. */
const junkStart =
  'POST /api/auth/start HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n' +
  'Content-Length: 2\r\n\r\n{}';

const get = (path: string, headers: readonly (readonly [string, string])[] = []) =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers.map((pair) => `${pair.join(': ')}\r\n`).join('')}\r\n`;

/** Sends bytes and reads nothing, and reconnects whenever it is closed, until the test ends. */
async function flood(origin: string, bytes: string): Promise<void> {
  const { hostname, port } = new URL(origin);
  let isOver = false;
  const open = () => {
    const socket = connect(Number(port), hostname);
    socket.pause();
    socket.on('error', () => {});
    // A paused socket notices the end of its connection only when it is written to.
    const alive = setInterval(() => socket.write('\r\n'), 50);
    socket.on('close', () => {
      clearInterval(alive);
      if (!isOver) {
        open();
      }
    });
    onTestFinished(() => {
      isOver = true;
      socket.destroy();
    });
    return new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  };
  await open();
}

async function findLargestScript(origin: string): Promise<string> {
  const { text } = await send({ origin, path: '/login' });
  const paths = [...text.matchAll(/\/_next\/static\/[\w./-]+\.js/g)].map(([path]) => path);
  const sizes = await Promise.all(
    [...new Set(paths)].map(async (path) => {
      const script = await send({ origin, path });
      return { path, size: script.text.length };
    }),
  );
  const [largest] = sizes.toSorted((one, other) => other.size - one.size);
  expect(largest?.size).toBeGreaterThan(200_000);
  return largest?.path ?? '';
}

describe('a client that does not read its answers', () => {
  let app: AppServer;
  beforeAll(async () => {
    app = await startAppServer(sandboxUrl);
  });
  afterAll(() => app.stop('SIGKILL'));

  async function expectOthersToStart(): Promise<void> {
    for (let person = 0; person < 12; person += 1) {
      const { status } = await new Visitor(app.origin).start(randomPhoneNumber());
      expect(status).toBe(200);
    }
  }

  it('does not block other starts with starts pipelined behind files, and is logged', async () => {
    const file = get(await findLargestScript(app.origin));
    await flood(app.origin, file.repeat(40) + junkStart.repeat(60));
    await expectOthersToStart();
    if (!isNextHost) {
      expect(app.output()).toMatch(/"event":"connection_closed".*too_many_unanswered_requests/);
    }
  });

  it('does not block other starts with starts pipelined behind a held poll', async () => {
    const visitor = new Visitor(app.origin);
    expect((await visitor.start(randomPhoneNumber())).status).toBe(200);
    const poll = get('/api/auth/status', [...ownPage, ['Cookie', visitor.cookieHeader()]]);
    await Promise.all(
      Array.from({ length: 20 }, () => flood(app.origin, poll + junkStart.repeat(7))),
    );
    await expectOthersToStart();
  });
});

const onNodeHost = it.skipIf(isNextHost);

onNodeHost('a start waits in the admission queue, however its path is spelled', async () => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const env = { PAUTH_MAX_IN_FLIGHT: '1', PAUTH_TIMEOUT_MS: '10000' };
  const app = await startAppServer(sandbox.url, env);
  onTestFinished(() => app.stop('SIGKILL'));
  const vendor = createControlClient(sandbox.url);
  const slow = randomPhoneNumber();
  await vendor.addFault({ kind: 'delay', delay_ms: 8_000, phone_number: slow });
  const first = new Visitor(app.origin).start(slow);
  await vi.waitUntil(async () => (await vendor.requests(slow)).length > 0, {
    timeout: 20_000,
    interval: 20,
  });

  const paths = [
    '/api/auth/start',
    '/api/auth/start/',
    '/./api/auth/start',
    '/api/auth/../auth/start',
    '/api/auth/%2e%2e/auth/start',
    '/api/auth/start#x',
    'http://evil.example/api/auth/start',
    '/login/start',
    '/login/./start',
  ];
  await forEachOf(paths, async (path) => {
    const isForm = path.startsWith('/login');
    const fields = { phone_number: randomPhoneNumber() };
    const answer = await send({
      origin: app.origin,
      method: 'POST',
      path,
      headers: [
        ...ownPage,
        ['x-forwarded-for', randomNetwork()],
        ['content-type', isForm ? 'application/x-www-form-urlencoded' : 'application/json'],
      ],
      body: isForm ? new URLSearchParams(fields).toString() : JSON.stringify(fields),
    });
    expect(answer.status, path).toBe(503);
    expect(errorReplySchema.parse(JSON.parse(answer.text)).code, path).toBe('store_unavailable');
    expect(Number(answer.headers['retry-after']), path).toBeGreaterThan(0);
    expect(await vendor.requests(fields.phone_number), path).toEqual([]);
  });
  expect(app.output().match(/"reason":"admission_queue_full"/g)).toHaveLength(paths.length);
  expect((await first).status).toBe(200);
});

describe('a request to upgrade the protocol', () => {
  const websocket = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  const http2 = [
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQAAP__',
  ];

  onNodeHost('is answered like any other request, and its connection is closed', async () => {
    const paths = [
      '/',
      '/login',
      '/nowhere',
      '/icon.svg',
      '/_next/webpack-hmr',
      '/_next/static/nowhere.js',
      '/api/health',
      '/api/auth/start',
      '/api/nowhere',
    ];
    await forEachOf(
      paths.flatMap((path) => [websocket, http2].map((headers) => ({ path, headers }))),
      async ({ path, headers }) => {
        const { status } = await send({ path });
        const head = `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers.join('\r\n')}\r\n`;
        const answers = await Promise.all([
          sendBytes(appOrigin, `${head}\r\n`),
          sendBytes(appOrigin, `${head}Content-Length: 2\r\n\r\n`, '{}'),
        ]);
        for (const answer of answers) {
          expect(answer, path).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
        }
      },
      paths.length * 2,
    );
  });

  it('with CONNECT has its connection closed', async () => {
    expect(await sendBytes(appOrigin, 'CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n')).toBe(
      '',
    );
  });
});
