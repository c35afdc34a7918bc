import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A Node HTTP server on a free port, for one test. */
export interface TestServer {
  server: Server;
  port: number;
  origin: string;
  /** Opens a connection and sends raw bytes. */
  send(bytes: string): RawConnection;
}

interface RawConnection {
  socket: Socket;
  /** Everything received until the connection was closed or reset. */
  closed: Promise<string>;
}

/** @param prepare called with the server before it listens. */
export async function startTestServer(
  listener: RequestListener,
  prepare: (server: Server) => void = () => {},
): Promise<TestServer> {
  const server = createServer(listener);
  prepare(server);
  server.listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    server,
    port,
    origin: `http://127.0.0.1:${port}`,
    send(bytes) {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.setEncoding('latin1');
      socket.on('data', (chunk) => {
        text += chunk;
      });
      // A reset also emits `close`.
      socket.on('error', () => {});
      const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(text)));
      socket.write(bytes, 'latin1');
      return { socket, closed };
    },
  };
}
