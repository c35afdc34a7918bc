import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, expect, it } from 'vitest';
import * as z from 'zod';
import { createControlClient } from './control-client.ts';
import { startSandbox } from './server.ts';
import { freshPhoneNumber, openSession } from './vendor-requests.ts';

const sandbox = await startSandbox();
const control = createControlClient(sandbox.url);
afterEach(() => control.reset());

const arrived: { request: IncomingMessage; body: string }[] = [];
let answerStatus: number | null = 204;
const app = createServer(async (request, response) => {
  arrived.push({ request, body: await text(request) });
  if (answerStatus !== null) {
    response.writeHead(answerStatus, { location: '/elsewhere' }).end();
  }
});
const callbackUrl = `http://127.0.0.1:${await listen(app)}/api/auth/callback/token`;

afterEach(() => {
  arrived.length = 0;
  answerStatus = 204;
});
afterAll(async () => {
  app.closeAllConnections();
  app.close();
  await sandbox.close();
});

/** Listens on a free port and returns it. */
async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return z.object({ port: z.number() }).parse(server.address()).port;
}

async function callbackOf(phoneNumber: string) {
  const read = async () => (await control.sessions(phoneNumber))[0]?.callback ?? null;
  await expect.poll(read).not.toBeNull();
  return await read();
}

it('a call that verifies a session sends its callback once', async () => {
  const phoneNumber = freshPhoneNumber();
  const { id, callNumber } = await openSession(sandbox.url, phoneNumber, callbackUrl);
  await control.call(null, callNumber);
  await control.call(phoneNumber, callNumber);
  await control.call(phoneNumber, callNumber);
  expect(await callbackOf(phoneNumber)).toEqual({ status: 204, error: null });

  const [callback, ...others] = arrived;
  expect(others).toEqual([]);
  expect(callback?.request.method).toBe('POST');
  expect(callback?.request.url).toBe('/api/auth/callback/token');
  expect(callback?.request.headers['content-type']).toBe('application/json');
  expect(callback?.request.headers.authorization).toBeUndefined();
  expect(JSON.parse(callback?.body ?? '')).toEqual({ id, status: 'verified' });
});

it('a call is answered without waiting for the callback', async () => {
  answerStatus = null;
  const phoneNumber = freshPhoneNumber();
  const { callNumber } = await openSession(sandbox.url, phoneNumber, callbackUrl);
  expect(await control.call(phoneNumber, callNumber)).toHaveLength(1);
  await expect.poll(() => arrived).toHaveLength(1);
  expect(await control.sessions(phoneNumber)).toMatchObject([{ callback: null }]);
  app.closeAllConnections();
  expect(await callbackOf(phoneNumber)).toMatchObject({ status: null });
});

it('a callback follows no redirect', async () => {
  answerStatus = 307;
  const phoneNumber = freshPhoneNumber();
  const { callNumber } = await openSession(sandbox.url, phoneNumber, callbackUrl);
  await control.call(phoneNumber, callNumber);
  expect(await callbackOf(phoneNumber)).toEqual({ status: 307, error: null });
  expect(arrived).toHaveLength(1);
});

it('a call succeeds when its callback URL is unreachable', async () => {
  const unused = createServer();
  const deadUrl = `http://127.0.0.1:${await listen(unused)}/`;
  unused.close();
  await once(unused, 'close');

  const phoneNumber = freshPhoneNumber();
  const { callNumber } = await openSession(sandbox.url, phoneNumber, deadUrl);
  expect(await control.call(phoneNumber, callNumber)).toHaveLength(1);
  expect(await callbackOf(phoneNumber)).toEqual({
    status: null,
    error: expect.stringContaining('ECONNREFUSED'),
  });
});

it('no callback is sent while callbacks are off', async () => {
  const phoneNumber = freshPhoneNumber();
  const quiet = await openSession(sandbox.url, phoneNumber, `${callbackUrl}/off`);
  await control.setOptions({ callbacks: 'off' });
  expect(await control.call(phoneNumber, quiet.callNumber)).toHaveLength(1);

  // This callback is sent later: once it has arrived, the other one would have arrived too.
  await control.setOptions({ callbacks: 'on' });
  const other = freshPhoneNumber();
  const loud = await openSession(sandbox.url, other, `${callbackUrl}/on`);
  await control.call(other, loud.callNumber);
  await callbackOf(other);
  expect(arrived.map(({ request }) => request.url)).toEqual(['/api/auth/callback/token/on']);
});
