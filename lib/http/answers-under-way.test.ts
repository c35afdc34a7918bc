import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { followAnswers } from './answers-under-way.ts';

/** Sooner than a server gives up a connection that is kept for the next request. */
const promptly = { timeout: 3_000 };

it(
  'answers under way when a server is told to end come whole, begun or not, and end their connections',
  promptly,
  async () => {
    const endConnections = followAnswers();
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => server.closeAllConnections());
    await once(server, 'listening');
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const ask = async () => {
      const asked = Promise.withResolvers<ServerResponse>();
      server.once('request', (_, response) => asked.resolve(response));
      const answered = new Promise<IncomingMessage>((resolve) => {
        get({ host: '127.0.0.1', port, agent }, resolve);
      });
      return { answered, response: await asked.promise };
    };

    const begun = await ask();
    begun.response.write('half ');
    await begun.answered;
    const waiting = await ask();
    endConnections();
    const closed = once(server.close(), 'close');
    for (const { answered, response } of [begun, waiting]) {
      response.end('whole');
      expect(await text(await answered)).toBe(response === begun.response ? 'half whole' : 'whole');
    }
    await closed;
  },
);
