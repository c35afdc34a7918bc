import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy between clients and a Redis server. */
export interface Relay {
  url: string;
  /** Stops forwarding on the current connections without closing them; new ones work. */
  stallConnections(): void;
  close(): void;
}

export async function startRelay(port: number): Promise<Relay> {
  const open = new Set<Socket>();
  const relay = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => open.delete(socket));
    }
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const address = relay.address();
  return {
    url: `redis://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    stallConnections() {
      for (const socket of open) {
        socket.unpipe();
        socket.resume();
      }
    },
    close() {
      relay.close();
      for (const socket of open) {
        socket.destroy();
      }
    },
  };
}
