import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HeldPoll } from '#lib/login/held-poll.ts';
import { pollAttempt } from '#lib/login/poll.ts';
import { startSandbox } from '#sandbox/server.ts';
import { openLogin, TEST_CLIENT } from '#tests/support/test-login.ts';
import { startTestServer } from '#tests/support/test-server.ts';
import { openTestServices } from '#tests/support/test-services.ts';
import { createConnections } from './connections.ts';
import { createListener } from './listener.ts';

type Asked = { by: 'api'; route: string | null } | { by: 'pages'; path: string };

/**
 * A server that says which part of it was to answer, unless that fails.
 *
 * @param held what a request for a route waits for before it is answered.
 */
async function start(
  fail: (outgoing: ServerResponse) => void = () => {},
  held: HeldPoll | null = null,
) {
  const { services, logged } = openTestServices();
  const connections = createConnections(services);
  const answer = (outgoing: ServerResponse, asked: Asked) => {
    fail(outgoing);
    outgoing.end(JSON.stringify(asked));
  };
  const listener = createListener({
    services,
    connections,
    async answerApi({ outgoing, found }, waited) {
      if (waited !== held) {
        return held;
      }
      answer(outgoing, { by: 'api', route: found?.route.path ?? null });
      return null;
    },
    async answerPage({ outgoing, target: { pathname } }) {
      answer(outgoing, { by: 'pages', path: pathname });
    },
  });
  const server = await startTestServer(listener, connections.follow);
  /** Asks for a target as it stands, which `fetch` would put in order. */
  const ask = async (target: string): Promise<string> =>
    await server.send(`GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`).closed;
  return { ask, send: server.send, server: server.server, logged };
}

/** A poll that waits for longer than a test takes, unless its attempt changes. */
async function openHeldPoll() {
  const sandbox = await startSandbox({ callbacks: 'off' });
  onTestFinished(() => sandbox.close());
  const login = await openLogin(sandbox);
  const { attempt, attemptToken } = await login.start();
  const poll = { holdMs: 60_000, isPrompted: false, client: { info: TEST_CLIENT } };
  const held = await pollAttempt(login.deps, attemptToken, poll);
  if (!(held instanceof HeldPoll)) {
    throw new Error(`the poll was answered: ${held.status}`);
  }
  held.waitMs = 60_000;
  onTestFinished(() => held.close());
  return { held, notify: () => login.deps.notifications.notify(attempt.id) };
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

describe('a held poll', () => {
  const request = 'GET /api/auth/status HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';

  it('is answered when its wait is over', async () => {
    const { held, notify } = await openHeldPoll();
    const { server, send } = await start(() => {}, held);
    const answer = send(request);
    await once(server, 'request');
    notify();
    expect(await answer.closed).toContain(JSON.stringify({ by: 'api', route: '/api/auth/status' }));
  });

  it('whose answer fails is answered without detail, and logged', async () => {
    const { held, notify } = await openHeldPoll();
    const fail = () => {
      throw new Error('broken');
    };
    const { server, send, logged } = await start(fail, held);
    const answer = send(request);
    await once(server, 'request');
    notify();
    expect(await answer.closed).not.toContain('broken');
    expect(logged()).toEqual([expect.objectContaining({ event: 'internal_error' })]);
  });

  it('is abandoned when its client leaves', async () => {
    const { held } = await openHeldPoll();
    const { server, send } = await start(() => {}, held);
    const { socket } = send(request);
    await once(server, 'request');
    expect(held.isAbandoned).toBe(false);
    socket.destroy();
    await expect.poll(() => held.isAbandoned, { interval: 1 }).toBe(true);
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
