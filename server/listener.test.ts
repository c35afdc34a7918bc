import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { startTestServer } from '#tests/support/test-server.ts';
import { openTestServices } from '#tests/support/test-services.ts';
import { createConnections } from './connections.ts';
import { createListener } from './listener.ts';

type Asked = { by: 'api'; route: string | null } | { by: 'pages'; path: string };

/** A server that says which part of it was to answer, unless that fails. */
async function start(fail: (outgoing: ServerResponse) => void = () => {}) {
  const { services, logged } = openTestServices();
  const connections = createConnections(services);
  const answer = (outgoing: ServerResponse, asked: Asked) => {
    fail(outgoing);
    outgoing.end(JSON.stringify(asked));
  };
  const listener = createListener({
    services,
    connections,
    async answerApi({ outgoing, found }) {
      answer(outgoing, { by: 'api', route: found?.route.path ?? null });
    },
    async answerPage({ outgoing, target: { pathname } }) {
      answer(outgoing, { by: 'pages', path: pathname });
    },
  });
  const server = await startTestServer(listener, connections.follow);
  /** Asks for a target as it stands, which `fetch` would put in order. */
  const ask = async (target: string): Promise<string> =>
    await server.send(`GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`).closed;
  return { ask, logged };
}

describe('a request', () => {
  it.each<[string, Asked]>([
    ['/api/auth/start', { by: 'api', route: '/api/auth/start' }],
    ['/./api/auth/start', { by: 'api', route: '/api/auth/start' }],
    ['/api/auth/../auth/start', { by: 'api', route: '/api/auth/start' }],
    ['/api/auth/start#x', { by: 'api', route: '/api/auth/start' }],
    ['http://a/login/start', { by: 'api', route: '/login/start' }],
    ['/api/nothing', { by: 'api', route: null }],
    ['/login', { by: 'pages', path: '/login' }],
    ['/api', { by: 'pages', path: '/api' }],
  ])('for %s goes to %o', async (target, asked) => {
    const { ask } = await start();
    expect(await ask(target)).toContain(JSON.stringify(asked));
  });
});

describe.each(['/login', '/api/auth/status'])('a request for %s whose answer fails', (path) => {
  it('is answered without detail, and logged with its id', async () => {
    const { ask, logged } = await start((outgoing) => {
      outgoing.setHeader('set-cookie', 'half=1');
      throw new Error('broken');
    });
    const answer = await ask(path);
    expect(answer).toMatch(/^HTTP\/1\.1 500 /);
    expect(answer).toMatch(/\r\nx-content-type-options: nosniff\r\n/);
    expect(answer).toMatch(/\r\ncache-control: no-store\r\n/);
    expect(answer).not.toMatch(/broken|half/);
    const [, id] = /\r\nx-request-id: (\w+)\r\n/.exec(answer) ?? [];
    expect(logged()).toEqual([
      expect.objectContaining({ event: 'internal_error', request: id, method: 'GET' }),
    ]);
  });

  it('is cut off if that had begun', async () => {
    const { ask, logged } = await start((outgoing) => {
      outgoing.write('half');
      throw new Error('broken');
    });
    expect(await ask(path)).not.toMatch(/\r\n0\r\n\r\n$/);
    expect(logged()).toEqual([expect.objectContaining({ event: 'internal_error' })]);
  });
});
