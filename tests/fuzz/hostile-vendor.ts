import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How an answer is sent. */
export type Pace =
  | { kind: 'at_once' }
  | { kind: 'in_pieces'; bytes: number }
  /** Sends this many bytes, then nothing more. */
  | { kind: 'stalls'; after: number }
  /** Sends this many bytes, then resets the connection. */
  | { kind: 'cut'; after: number }
  /** Sends one byte every 20 ms, forever. */
  | { kind: 'drips' }
  /** Sends spaces as fast as they are read, forever. */
  | { kind: 'floods' };

export interface HostileVendor {
  url: string;
  /** The exact bytes of the next answers. */
  answer: { bytes: Buffer; pace: Pace };
  /** The request lines since the last `reset`. */
  requests: readonly string[];
  /** The most bytes written to one connection since the last `reset`. */
  maxBytesWritten(): number;
  /** Clears the records and closes every connection, so that the next request uses a new one. */
  reset(): void;
  close(): Promise<void>;
}

const DRIP_MS = 20;

/** A TCP server that answers every HTTP request with the given bytes. */
export async function startHostileVendor(): Promise<HostileVendor> {
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  let mostTaken = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      mostTaken = Math.max(mostTaken, socket.bytesWritten);
      sockets.delete(socket);
    });
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const head = received.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      if (head >= 0 && received.length >= head + 4 + length) {
        requests.push(received.slice(0, received.indexOf('\r\n')));
        received = '';
        void play(socket, vendor.answer).catch(() => socket.destroy());
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;

  const vendor: HostileVendor = {
    url: `http://127.0.0.1:${port}`,
    answer: { bytes: Buffer.alloc(0), pace: { kind: 'at_once' } },
    requests,
    maxBytesWritten: () =>
      Math.max(mostTaken, ...[...sockets].map((socket) => socket.bytesWritten)),
    reset() {
      requests.length = 0;
      mostTaken = 0;
      for (const socket of sockets) {
        socket.destroy();
      }
    },
    async close() {
      vendor.reset();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
  return vendor;
}

async function play(socket: Socket, { bytes, pace }: HostileVendor['answer']): Promise<void> {
  switch (pace.kind) {
    case 'at_once':
      socket.end(bytes);
      return;
    case 'in_pieces':
      for (let at = 0; at < bytes.length && socket.writable; at += pace.bytes) {
        socket.write(bytes.subarray(at, at + pace.bytes));
        await new Promise((resolve) => setImmediate(resolve));
      }
      socket.end();
      return;
    case 'stalls':
      socket.write(bytes.subarray(0, pace.after));
      return;
    case 'cut':
      socket.write(bytes.subarray(0, pace.after), () => socket.resetAndDestroy());
      return;
    case 'drips':
      for (let at = 0; socket.writable; at += 1) {
        socket.write(bytes.length > at ? bytes.subarray(at, at + 1) : ' ');
        await sleep(DRIP_MS);
      }
      return;
    case 'floods': {
      socket.write(bytes);
      const spaces = Buffer.alloc(65_536, ' ');
      while (socket.writable) {
        if (!socket.write(spaces)) {
          await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
        }
      }
    }
  }
}
