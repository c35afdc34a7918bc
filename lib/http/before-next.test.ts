import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import { waitBeforeNext } from './before-next.ts';

interface Wait {
  /** Resolves when the request has come that is to wait. */
  come: PromiseWithResolvers<ServerResponse>;
  /** What it waits for. */
  over: PromiseWithResolvers<void>;
}

const waits = new Map<string, Wait>();
function letWait(url: string): Wait {
  const wait = {
    come: Promise.withResolvers<ServerResponse>(),
    over: Promise.withResolvers<void>(),
  };
  waits.set(url, wait);
  return wait;
}

/** The addresses that have come to what stands where Next does, and answers with them. */
const haveComeToNext: (string | undefined)[] = [];
const server = createServer((request, response) => {
  haveComeToNext.push(request.url);
  response.end(request.url);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
afterAll(() => server.close());

waitBeforeNext(({ url = '' }, response) => {
  const wait = waits.get(url);
  wait?.come.resolve(response);
  return wait?.over.promise ?? null;
});

const address = server.address();
const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
describe('before Next', () => {
  it('a request waits, the very first one too, and is then answered as if it had just come', async () => {
    const { come, over } = letWait('/first');
    const answer = fetch(`${origin}/first`);
    await come.promise;
    expect(haveComeToNext).toEqual([]);
    over.resolve();
    expect(await (await answer).text()).toBe('/first');
    expect(haveComeToNext).toEqual(['/first']);
  });

  it('a request that need not wait is answered while another waits', async () => {
    const { over } = letWait('/slow');
    const slow = fetch(`${origin}/slow`);
    expect(await (await fetch(`${origin}/quick`)).text()).toBe('/quick');
    over.resolve();
    expect(await (await slow).text()).toBe('/slow');
  });

  it('a request whose browser has left ends, and never comes to Next', async () => {
    const { come, over } = letWait('/left');
    const leaving = new AbortController();
    const gone = fetch(`${origin}/left`, { signal: leaving.signal });
    const response = await come.promise;
    leaving.abort();
    await expect(gone).rejects.toThrow();
    await once(response, 'close');
    over.resolve();
    await over.promise;
    expect(await (await fetch(`${origin}/after`)).text()).toBe('/after');
    expect(haveComeToNext).not.toContain('/left');
  });
});
