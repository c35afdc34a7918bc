import { once } from 'node:events';
import { Agent, createServer, request as forward, type IncomingHttpHeaders } from 'node:http';

/** A server between those who ask and the app: what they send goes on, and the answers come back. */
export interface ServerBetween {
  origin: string;
  close(): void;
}

/**
 * Starts one on a free port. A connection that breaks on one side is broken on the other, and nothing is
 * sent again.
 *
 * @param options.to the origin that the next request goes to.
 * @param options.keepsConnections whether it uses its connections to the app again, as proxies do; each
 * request has one of its own where it is left out.
 * @param options.onRequest called with the path of each request.
 * @param options.onAnswer called with the path and status of each answer.
 * @param options.headersOf what goes back of an answer's headers; all where it is left out.
 */
export async function startServerBetween(options: {
  to(): string;
  keepsConnections?: boolean;
  onRequest?(path: string): void;
  onAnswer?(path: string, status: number): void;
  headersOf?(headers: IncomingHttpHeaders): IncomingHttpHeaders;
}): Promise<ServerBetween> {
  const { to, onRequest, onAnswer, headersOf = (headers) => headers } = options;
  const agent = options.keepsConnections === true ? new Agent({ keepAlive: true }) : false;
  const server = createServer((request, response) => {
    const { url: path = '', method, headers } = request;
    onRequest?.(path);
    const onward = forward(to() + path, { agent, method, headers }, (answer) => {
      const status = answer.statusCode ?? 502;
      onAnswer?.(path, status);
      // How long the app keeps a connection is between the two of them.
      const { connection: _, 'keep-alive': __, ...kept } = headersOf(answer.headers);
      response.writeHead(status, agent === false ? headersOf(answer.headers) : kept);
      answer.pipe(response);
      answer.on('close', () => answer.complete || response.destroy());
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => response.writableFinished || onward.destroy());
    request.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    origin: `http://localhost:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
      if (agent !== false) {
        agent.destroy();
      }
    },
  };
}
