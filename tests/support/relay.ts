import { once } from 'node:events';
import { createServer, Socket } from 'node:net';

/** A TCP proxy between clients and a server. */
export interface Relay {
  /** Its address, for Redis. */
  url: string;
  port: number;
  /** Stops forwarding on the current connections without closing them; new ones work. */
  stallConnections(): void;
  close(): void;
}

/** @param wakeMs how long the first connection waits for the server, in milliseconds. */
export async function startRelay(port: number, wakeMs = 0): Promise<Relay> {
  const open = new Set<Socket>();
  let isAwake = wakeMs === 0;
  const relay = createServer((near) => {
    const far = new Socket();
    const forward = () => {
      isAwake = true;
      far.connect(port, '127.0.0.1');
      near.pipe(far).pipe(near);
    };
    if (isAwake) {
      forward();
    } else {
      setTimeout(forward, wakeMs);
    }
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => open.delete(socket));
    }
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const address = relay.address();
  const relayPort = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `redis://127.0.0.1:${relayPort}`,
    port: relayPort,
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
