import { once } from 'node:events';
import { createServer, request as httpRequest, type ServerResponse } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import { createLog } from '../observe/log.ts';
import { noteRequestIds } from '../request-id.ts';
import { openStartLine } from './start-line.ts';

const log = createLog();
const refused: Readonly<Record<string, unknown>>[] = [];
noteRequestIds();
openStartLine({
  config: { pauth: { maxInFlight: 1 }, app: { trustedProxy: { hops: 1 } } },
  throttledLog: (_log, _level, { entry }) => refused.push(entry),
  forRequest: () => ({ log }),
});

/** Stands where Next does: keeps starts until a test answers them. */
const begun: ServerResponse[] = [];
const server = createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/api/auth/start') {
    begun.push(response);
  } else {
    response.end('at once');
  }
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
afterAll(() => server.close());
const address = server.address();
const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;

const start = (signal?: AbortSignal) =>
  fetch(`${origin}/api/auth/start`, {
    method: 'POST',
    headers: { 'accept-language': 'en', 'x-forwarded-for': '203.0.113.7' },
    body: '{}',
    signal: signal ?? null,
  });

/** Until so many starts have come to where Next stands. */
const haveBegun = (count: number) =>
  expect.poll(() => begun.length, { interval: 5 }).toBeGreaterThanOrEqual(count);

describe('the line of starts', () => {
  it('lets one begin when the one before it is answered, and sends away who waits for too long', async () => {
    const first = start();
    await haveBegun(1);
    const second = await start();
    expect(second.status).toBe(503);
    const seconds = Number(second.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(await second.json()).toEqual({
      code: 'store_unavailable',
      error: 'We cannot do this right now. Please wait a moment and try again.',
      retry_after_seconds: seconds,
      request_id: second.headers.get('x-request-id'),
    });
    expect(second.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(second.headers.get('x-content-type-options')).toBe('nosniff');
    expect(refused).toEqual([
      expect.objectContaining({ why: 'too_many_at_once', network: '203.0.113.0/24' }),
    ]);

    const third = start();
    begun[0]?.end('first');
    expect(await (await first).text()).toBe('first');
    await haveBegun(2);
    begun[1]?.end('third');
    expect(await (await third).text()).toBe('third');
  });

  it('takes nobody’s turn for a browser that has left', async () => {
    const before = begun.length;
    const leaving = new AbortController();
    const left = start(leaving.signal);
    await haveBegun(before + 1);
    leaving.abort();
    await expect(left).rejects.toThrow();
    const next = start();
    await haveBegun(before + 2);
    begun.at(-1)?.end('next');
    expect(await (await next).text()).toBe('next');
  });

  it('keeps no turn for a start that has not come whole', async () => {
    const before = begun.length;
    const drip = httpRequest(`${origin}/api/auth/start`, {
      method: 'POST',
      headers: { 'content-length': '20' },
    });
    drip.flushHeaders();
    const dripped = once(drip, 'error');
    const whole = start();
    await haveBegun(before + 1);
    begun.at(-1)?.end('whole');
    expect(await (await whole).text()).toBe('whole');
    drip.destroy(new Error('left'));
    await dripped;
    expect(begun).toHaveLength(before + 1);
  });

  it('is nothing for any other request', async () => {
    const before = begun.length;
    const first = start();
    await haveBegun(before + 1);
    expect(await (await fetch(`${origin}/api/auth/session`)).text()).toBe('at once');
    expect(await (await fetch(`${origin}/api/auth/start`)).text()).toBe('at once');
    begun.at(-1)?.end();
    await first;
  });
});
