import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLog } from '#lib/observe/log.ts';
import { startTestServer } from '#tests/support/test-server.ts';
import { createConnections } from './connections.ts';

const SHORT_MS = 20;
const LONG_MS = 60_000;

/** A server that keeps the answers it is to give, until a test gives them. */
async function start(timeouts: Parameters<typeof createConnections>[1] = {}) {
  const logged: unknown[] = [];
  const connections = createConnections(
    { log: createLog(), throttledLog: (_log, _level, { entry }) => logged.push(entry) },
    { drainGraceMs: LONG_MS, ...timeouts },
  );
  const waiting: ServerResponse[] = [];
  const server = await startTestServer(
    (incoming, outgoing) => {
      if (connections.admit(incoming, outgoing)) {
        waiting.push(outgoing);
        server.server.emit('admitted');
      }
    },
    (created) => {
      // No connection is to end because Node gives it up.
      created.keepAliveTimeout = LONG_MS;
      connections.follow(created);
    },
  );

  /** Sends a request over a connection that is kept, until it waits for its answer. */
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const ask = async () => {
    const admitted = once(server.server, 'admitted');
    const answered = new Promise<IncomingMessage>((resolve) => {
      get({ host: '127.0.0.1', port: server.port, agent }, resolve);
    });
    await admitted;
    const response = waiting.at(-1);
    if (response === undefined) {
      throw new Error('no request was admitted');
    }
    return { answered, response };
  };
  return { ...server, connections, logged, waiting, ask };
}

const request = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';

describe('a connection', () => {
  it('that has more than eight requests without an answer is closed, and logged once', async () => {
    const { send, server, waiting, logged } = await start();
    const closes: number[] = [];
    server.on('admitted', () => {
      const index = waiting.length;
      waiting.at(-1)?.once('close', () => closes.push(index));
    });
    expect(await send(request.repeat(100)).closed).toBe('');
    expect(waiting).toHaveLength(8);
    expect(waiting.every(({ destroyed }) => destroyed)).toBe(true);
    expect(closes.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(logged).toEqual([
      { event: 'connection_closed', reason: 'too_many_unanswered_requests' },
    ]);
  });

  it('may bring any number of requests, eight at a time', async () => {
    const { send, server, waiting, logged } = await start();
    const { socket, closed } = send(request.repeat(8));
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    for (let answered = 0; answered < 40; answered += 1) {
      while (waiting.length <= answered) {
        await once(server, 'admitted');
      }
      const response = waiting[answered];
      const isOver = response && once(response, 'close');
      response?.end();
      await isOver;
      socket.write(request);
    }
    socket.destroy();
    await closed;
    expect(logged).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('is closed when its client reads nothing of an answer for too long', async () => {
    const { send, server, waiting } = await start({ silenceTimeoutMs: SHORT_MS });
    const { socket, closed } = send(request);
    socket.pause();
    await once(server, 'admitted');
    const isOver = once(waiting[0] ?? socket, 'close');
    waiting[0]?.write('x'.repeat(50_000_000));
    await isOver;
    socket.resume();
    expect((await closed).length).toBeLessThan(50_000_000);
  });
});

describe('while connections drain', () => {
  it('answers under way come whole, begun or not, and end their connections', async () => {
    const { ask, connections, server } = await start();
    const begun = await ask();
    begun.response.write('half ');
    await begun.answered;
    const waiting = await ask();
    connections.drain();
    const closed = once(server.close(), 'close');
    begun.response.end('whole');
    expect(await text(await begun.answered)).toBe('half whole');
    waiting.response.end('whole');
    const answer = await waiting.answered;
    expect(answer.headers.connection).toBe('close');
    expect(await text(answer)).toBe('whole');
    await closed;
  });

  it('every answer that a connection waits for comes', async () => {
    const { send, server, connections, waiting } = await start();
    const { closed } = send(request.repeat(3));
    while (waiting.length < 3) {
      await once(server, 'admitted');
    }
    connections.drain();
    const isOver = once(server.close(), 'close');
    for (const response of waiting) {
      response.end('whole');
    }
    expect((await closed).match(/whole/g)).toHaveLength(3);
    await isOver;
  });

  it('a request behind the last answer of its connection is not begun', async () => {
    const { send, server, connections, waiting } = await start();
    const { socket, closed } = send(request);
    await once(server, 'admitted');
    connections.drain();
    const isOver = once(server.close(), 'close');
    const arrived = once(server, 'request');
    socket.write(request);
    await arrived;
    expect(waiting).toHaveLength(1);
    waiting[0]?.end('whole');
    expect((await closed).match(/HTTP/g)).toHaveLength(1);
    await isOver;
  });

  it('a request that was on its way is answered, and ends its connection', async () => {
    const { send, server, connections, waiting } = await start();
    const { socket, closed } = send('GET / HTTP/1.1\r\nhost: a\r\n');
    await once(server, 'connection');
    connections.drain();
    const isOver = once(server.close(), 'close');
    socket.write('\r\n');
    await once(server, 'admitted');
    waiting[0]?.end('whole');
    expect(await closed).toMatch(/\r\nconnection: close\r\n[\s\S]*\r\n\r\nwhole$/i);
    await isOver;
  });

  it.each([
    ['no request', ''],
    ['half a request', 'GET / HTTP/1.1\r\nhost'],
    ['half a body', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{'],
  ])('a connection that has brought %s is closed', async (_what, bytes) => {
    const { send, server, connections } = await start({ drainGraceMs: SHORT_MS });
    const { closed } = send(bytes);
    await once(server, 'connection');
    connections.drain();
    const isOver = once(server.close(), 'close');
    expect(await closed).toBe('');
    await isOver;
  });
});
