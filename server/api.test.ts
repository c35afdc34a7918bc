import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { jsonBody, noBody } from '#lib/http/body.ts';
import { json } from '#lib/http/responses.ts';
import type { Route } from '#lib/http/route.ts';
import { startMeasuring } from '#tests/support/measured.ts';
import { startTestServer } from '#tests/support/test-server.ts';
import { openTestServices } from '#tests/support/test-services.ts';
import { type Admission, createAdmission } from './admission.ts';
import { createApi } from './api.ts';
import { createBackgroundTasks } from './shutdown.ts';

const SHORT_MS = 5;
const LONG_MS = 60_000;

type Answer = Route['answer'];

/** A server of one route, which every path but `/none` leads to. */
async function start(
  answer: Answer,
  options: {
    isQueued?: boolean;
    readsBody?: boolean;
    admission?: Admission;
    bodyTimeoutMs?: number;
  },
) {
  const { services, logged } = openTestServices();
  const tasks = createBackgroundTasks();
  const { admission = createAdmission(1, LONG_MS), bodyTimeoutMs = LONG_MS } = options;
  const { isQueued = false, readsBody = true } = options;
  const answerApi = createApi(services, admission, tasks, bodyTimeoutMs);
  const path = '/api/test/[name]';
  const route: Route = {
    path,
    methods: ['POST'],
    access: 'public',
    summary: 'For tests.',
    isQueued,
    body: readsBody ? jsonBody(z.unknown()) : noBody,
    replies: {},
    refuses: [],
    answer,
  };
  const server = await startTestServer((incoming, outgoing) => {
    const found = incoming.url === '/none' ? null : { route, params: { name: 'test' } };
    void answerApi({ id: 'id-of-the-request', incoming, outgoing, found }, null);
  });
  const post = (body = '{}', signal: AbortSignal | null = null) =>
    fetch(`${server.origin}/api/test/test`, {
      method: 'POST',
      headers: { 'accept-language': 'en', 'x-forwarded-for': '203.0.113.7' },
      body,
      signal,
    });
  return { ...server, tasks, post, logged };
}

/** A route that answers when a test says so. */
function heldRoute() {
  const calls: PromiseWithResolvers<string>[] = [];
  const answer: Answer = async () => {
    const call = Promise.withResolvers<string>();
    calls.push(call);
    return json({ answer: await call.promise });
  };
  const begun = (count: number) =>
    expect.poll(() => calls.length, { interval: 1 }).toBeGreaterThanOrEqual(count);
  return { answer, calls, begun };
}

describe('a request for a route', () => {
  it('comes to it with its body and the values in its path', async () => {
    const calls: unknown[] = [];
    const { post } = await start(async (_context, { request, params }) => {
      const { method, body } = request;
      calls.push({ method, body: body instanceof Uint8Array ? String(body) : body, params });
      return json({ status: 'done' });
    }, {});
    expect(await (await post('{"a":1}')).json()).toEqual({ status: 'done' });
    expect(calls).toEqual([
      {
        method: 'POST',
        body: '{"a":1}',
        params: { name: 'test' },
      },
    ]);
  });

  it('by HEAD is answered with the headers of its body alone', async () => {
    const { origin } = await start(async () => json({ status: 'done' }), {});
    const response = await fetch(`${origin}/api/test/test`, { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe(String('{"status":"done"}'.length));
    expect(await response.text()).toBe('');
  });

  it('for none is answered in words', async () => {
    const { origin } = await start(async () => json({}), {});
    const response = await fetch(`${origin}/none`, { headers: { 'accept-language': 'en' } });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      code: 'request_not_found',
      request_id: 'id-of-the-request',
    });
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('whose handler throws is answered without detail, and logged', async () => {
    const { post, logged } = await start(async () => {
      throw new Error('broken');
    }, {});
    const response = await post();
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ code: 'internal_error' });
    expect(logged()).toEqual([
      expect.objectContaining({ event: 'internal_error', route: '/api/test/[name]' }),
    ]);
  });

  it('may go on after its answer', async () => {
    const rest = Promise.withResolvers<void>();
    const { post, tasks } = await start(async (_context, { after }) => {
      after(() => rest.promise);
      return json({});
    }, {});
    expect((await post()).status).toBe(200);
    const order: string[] = [];
    const settled = tasks.settled().then(() => order.push('settled'));
    order.push('ended');
    rest.resolve();
    await settled;
    expect(order).toEqual(['ended', 'settled']);
  });
});

describe('a body', () => {
  const head = 'POST /api/test/test HTTP/1.1\r\nhost: a\r\ncontent-length: 20\r\n\r\n';

  it('that does not come in time is refused, and its connection closed', async () => {
    const { send, logged } = await start(async () => json({}), { bodyTimeoutMs: SHORT_MS });
    const answer = await send(`${head}12345`).closed;
    expect(answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*\r\nconnection: close\r\n/i);
    expect(answer).toContain('"code":"request_incomplete"');
    expect(logged()).toEqual([
      expect.objectContaining({
        event: 'request_refused',
        code: 'request_incomplete',
        method: 'POST',
        route: '/api/test/[name]',
      }),
    ]);
  });

  it('is not waited for by a route that takes none', async () => {
    const { send } = await start(async () => json({ status: 'done' }), { readsBody: false });
    const { socket } = send(`${head}12345`);
    const answer = await new Promise<string>((resolve) => socket.once('data', resolve));
    expect(answer).toContain('{"status":"done"}');
  });
});

describe('a queued route', () => {
  it('begins when the one before it is answered, and refuses who waits for too long', async () => {
    const { answer, calls, begun } = heldRoute();
    const admission = createAdmission(1, SHORT_MS);
    const { post, logged } = await start(answer, { isQueued: true, admission });
    const measured = startMeasuring();
    const first = post();
    await begun(1);
    const second = await post();
    expect(second.status).toBe(503);
    const seconds = Number(second.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(await second.json()).toEqual({
      code: 'store_unavailable',
      error: 'We cannot do this right now. Please wait a moment and try again.',
      retry_after_seconds: seconds,
      request_id: 'id-of-the-request',
    });
    expect(second.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(logged()).toEqual([
      expect.objectContaining({ reason: 'admission_queue_full', network: '203.0.113.0/24' }),
    ]);
    expect(await measured()).toContainEqual({
      name: 'call_login_start_refused_total',
      labels: { limit: 'admission_queue_full' },
      value: 1,
    });

    const third = (async () => {
      calls[0]?.resolve('first');
      expect(await (await first).json()).toEqual({ answer: 'first' });
      return await post();
    })();
    await begun(2);
    calls[1]?.resolve('third');
    expect(await (await third).json()).toEqual({ answer: 'third' });
  });

  it('waits for no other request', async () => {
    const { answer, calls, begun } = heldRoute();
    const { post, origin } = await start(answer, { isQueued: true });
    const first = post();
    await begun(1);
    const read = fetch(`${origin}/api/test/test`);
    await begun(2);
    calls[1]?.resolve('read');
    expect(await (await read).json()).toEqual({ answer: 'read' });
    calls[0]?.resolve('first');
    await first;
  });

  it('holds no permit for a request that has not come whole', async () => {
    const { answer, calls, begun } = heldRoute();
    const { post, send } = await start(answer, { isQueued: true });
    send('POST /api/test/test HTTP/1.1\r\nhost: a\r\ncontent-length: 20\r\n\r\n12345');
    const whole = post();
    await begun(1);
    calls[0]?.resolve('whole');
    expect(await (await whole).json()).toEqual({ answer: 'whole' });
  });

  it('holds a permit while it works, and not while nobody reads its answer', async () => {
    const { answer, calls, begun } = heldRoute();
    const { post, send } = await start(answer, { isQueued: true });
    // Its answer waits behind one that never comes.
    const { socket } = send(
      'GET /api/test/test HTTP/1.1\r\nhost: a\r\n\r\n' +
        'POST /api/test/test HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}',
    );
    await begun(2);
    const next = post();
    calls[1]?.resolve('unread');
    await begun(3);
    calls[2]?.resolve('next');
    expect(await (await next).json()).toEqual({ answer: 'next' });
    socket.destroy();
  });

  it('does not begin for a client that has left the queue', async () => {
    const { answer, calls, begun } = heldRoute();
    const { post, server } = await start(answer, { isQueued: true });
    const first = post();
    await begun(1);
    const leaving = new AbortController();
    const closed = new Promise((resolve) => {
      server.once('request', (_incoming, outgoing) => outgoing.once('close', resolve));
    });
    const left = post('{}', leaving.signal);
    await expect.poll(() => server.listenerCount('request'), { interval: 1 }).toBe(1);
    leaving.abort();
    await expect(left).rejects.toThrow();
    await closed;
    calls[0]?.resolve('first');
    await first;
    const next = post();
    await begun(2);
    calls[1]?.resolve('next');
    expect(await (await next).json()).toEqual({ answer: 'next' });
    expect(calls).toHaveLength(2);
  });
});
