import { once } from 'node:events';
import { Agent, createServer, request as forward, type IncomingHttpHeaders } from 'node:http';

/** An HTTP reverse proxy between clients and the app. */
export interface TestProxy {
  origin: string;
  close(): void;
}

/**
 * Starts a proxy on a free port. When a connection breaks on one side, it breaks the other one; it repeats no
 * request.
 *
 * @param options.to returns the origin to forward the next request to.
 * @param options.keepsConnections whether it reuses its connections to the app, as proxies do; by default each
 * request has a new one.
 * @param options.onRequest called with the path of each request.
 * @param options.onAnswer called with the path and status of each answer.
 * @param options.headersOf selects the answer's headers to pass on; all by default.
 */
export async function startTestProxy(options: {
  to(): string;
  keepsConnections?: boolean;
  onRequest?(path: string): void;
  onAnswer?(path: string, status: number): void;
  headersOf?(headers: IncomingHttpHeaders): IncomingHttpHeaders;
}): Promise<TestProxy> {
  const { to, onRequest, onAnswer, headersOf = (headers) => headers } = options;
  const agent = options.keepsConnections === true ? new Agent({ keepAlive: true }) : false;
  const server = createServer((request, response) => {
    const { url: path = '', method, headers } = request;
    onRequest?.(path);
    const onward = forward(to() + path, { agent, method, headers }, (answer) => {
      const status = answer.statusCode ?? 502;
      onAnswer?.(path, status);
      // Hop-by-hop headers: they apply only between the proxy and the app.
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
