import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a Redis server, and passes on what each of them says. */
export interface Relay {
  url: string;
  /** Passes nothing on any more of the connections there are now, and ends none; new ones are as before. */
  fallSilent(): void;
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
    fallSilent() {
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
