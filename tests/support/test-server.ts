import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A server of Node's on a free port of this machine, for one test. */
export interface TestServer {
  server: Server;
  port: number;
  origin: string;
  /** Opens a connection and sends bytes, as they are. */
  send(bytes: string): RawConnection;
}

interface RawConnection {
  socket: Socket;
  /** What came back until the connection was closed, one way or another. */
  closed: Promise<string>;
}

/** @param prepare is given the server before it accepts connections. */
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
      // A connection that is reset is closed, too.
      socket.on('error', () => {});
      const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(text)));
      socket.write(bytes, 'latin1');
      return { socket, closed };
    },
  };
}
