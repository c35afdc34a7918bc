import { once } from 'node:events';
import { createServer, request as forward, type IncomingHttpHeaders } from 'node:http';

/** A server between those who ask and the app: what they send goes on, and the answers come back. */
export interface ServerBetween {
  origin: string;
  close(): void;
}

/**
 * Starts one on a free port, with a connection of its own to the app for each request. A connection
 * that breaks on one side is broken on the other.
 *
 * @param options.to the origin that the next request goes to.
 * @param options.onRequest called with the path of each request.
 * @param options.onAnswer called with the path and status of each answer.
 * @param options.headersOf what goes back of an answer's headers; all where it is left out.
 */
export async function startServerBetween(options: {
  to(): string;
  onRequest?(path: string): void;
  onAnswer?(path: string, status: number): void;
  headersOf?(headers: IncomingHttpHeaders): IncomingHttpHeaders;
}): Promise<ServerBetween> {
  const { to, onRequest, onAnswer, headersOf = (headers) => headers } = options;
  const server = createServer((request, response) => {
    const { url: path = '', method, headers } = request;
    onRequest?.(path);
    const onward = forward(to() + path, { agent: false, method, headers }, (answer) => {
      const status = answer.statusCode ?? 502;
      onAnswer?.(path, status);
      response.writeHead(status, headersOf(answer.headers));
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
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
    },
  };
}
