import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { startTestServer } from '#tests/support/test-server.ts';
import { readBody } from './read-body.ts';

const MAX_BYTES = 8;
const SHORT_MS = 5;
const LONG_MS = 60_000;

/** Sent after another request, to see that the connection still serves it, and to end it. */
const lastRequest = 'GET /last HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';

/** A server that answers with what it has read of each body. */
async function start(timeoutMs = LONG_MS) {
  const read: Awaited<ReturnType<typeof readBody>>[] = [];
  const received = Promise.withResolvers<IncomingMessage>();
  const server = await startTestServer(async (incoming, outgoing) => {
    if (incoming.url === '/last') {
      outgoing.end();
      return;
    }
    received.resolve(incoming);
    const body = await readBody(incoming, MAX_BYTES, timeoutMs);
    read.push(body);
    outgoing.end(String(body));
  });
  return { ...server, read, received: received.promise };
}

const head = (...headers: string[]) =>
  ['POST / HTTP/1.1', 'host: a', ...headers, '', ''].join('\r\n');

describe('the body of a request', () => {
  it.each([
    ['none', head()],
    ['an empty one', head('content-length: 0')],
    ['that of a GET, which means nothing', `${head('content-length: 2').replace('POST', 'GET')}{}`],
  ])('is null for %s', async (_what, bytes) => {
    const { send, read } = await start();
    await send(bytes + lastRequest).closed;
    expect(read).toEqual([null]);
  });

  it.each([
    ['with its length', `${head('content-length: 8')}12345678`],
    ['in chunks', `${head('transfer-encoding: chunked')}4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n`],
    ['in no chunk', `${head('transfer-encoding: chunked')}0\r\n\r\n`],
  ])('is read whole %s', async (what, bytes) => {
    const { send, read } = await start();
    await send(bytes + lastRequest).closed;
    expect(String(read[0])).toBe(what === 'in no chunk' ? '' : '12345678');
  });

  it('is read whole when it comes in pieces', async () => {
    const { send, read, received } = await start();
    const { socket, closed } = send(head('content-length: 8', 'expect: 100-continue'));
    await received;
    socket.write('1234');
    await new Promise((resolve) => socket.write('5678', resolve));
    socket.write(lastRequest);
    expect(await closed).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(String(read[0])).toBe('12345678');
  });
});

describe('a body that is too long', () => {
  it('is cut one byte after the limit, and the connection serves the next request', async () => {
    const { send, read } = await start();
    const length = 1_000_000;
    const text = await send(
      `${head(`content-length: ${length}`)}${'x'.repeat(length)}${lastRequest}`,
    ).closed;
    expect(String(read[0])).toBe('x'.repeat(MAX_BYTES + 1));
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });

  it('is answered before the client has sent it', async () => {
    const { send } = await start();
    const { socket } = send(`${head('content-length: 1000000')}123456789`);
    const answer = await new Promise<string>((resolve) => socket.once('data', resolve));
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n123456789$/);
    socket.destroy();
  });
});

describe('a body that does not come', () => {
  it('is incomplete after the time limit, and its request can still be answered', async () => {
    const { send, read } = await start(SHORT_MS);
    const { socket } = send(`${head('content-length: 8')}1234`);
    const answer = await new Promise<string>((resolve) => socket.once('data', resolve));
    expect(answer).toContain('200 OK');
    expect(read).toEqual(['incomplete']);
    socket.destroy();
  });

  it('is incomplete when the connection breaks', async () => {
    const { send, read, received } = await start();
    const { socket } = send(`${head('content-length: 8')}1234`);
    await received;
    socket.destroy();
    await expect.poll(() => read, { interval: 1 }).toEqual(['incomplete']);
  });
});
