import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Services } from '#lib/services.ts';

/** The requests under way, by connection. */
export interface Connections {
  /** Follows a request; false where its connection was closed instead. */
  admit(incoming: IncomingMessage, outgoing: ServerResponse): boolean;
  /** From now on each connection ends with the answer it waits for. */
  drain(): void;
}

/**
 * How many requests of one connection may wait for their answers. Browsers and proxies send the next
 * one after the answer; more is pipelining, by which one client could hold everybody's places.
 */
const MAX_UNANSWERED = 8;

/** How long a client may read nothing of an answer that is ready for it. */
const STALLED_TIMEOUT_MS = 30_000;

/** Follows the requests of a process from now on. */
export function createConnections({ log, throttledLog }: Pick<Services, 'log' | 'throttledLog'>) {
  const unanswered = new Map<Socket, Set<ServerResponse>>();
  let isDraining = false;

  const connections: Connections = {
    admit({ socket }, outgoing) {
      const open = unanswered.get(socket) ?? new Set();
      if (open.size >= MAX_UNANSWERED) {
        throttledLog(log, 'warn', {
          kind: 'connection closed',
          entry: { event: 'connection_closed', reason: 'too_many_unanswered_requests' },
          message: 'a client sent more requests than it read answers',
        });
        socket.destroy();
        return false;
      }
      unanswered.set(socket, open.add(outgoing));
      outgoing.shouldKeepAlive &&= !isDraining;
      outgoing.once('prefinish', () => socket.setTimeout(STALLED_TIMEOUT_MS));
      const forget = () => {
        open.delete(outgoing);
        if (open.size === 0) {
          unanswered.delete(socket);
        }
      };
      outgoing.once('close', forget);
      // Answers that are queued behind another one are not closed with their connection on Node 22.
      socket.once('close', forget);
      return true;
    },

    drain() {
      isDraining = true;
      for (const outgoing of [...unanswered.values()].flatMap((open) => [...open])) {
        outgoing.shouldKeepAlive = false;
        if (outgoing.headersSent) {
          // The client was told that the connection stays.
          const { socket } = outgoing;
          outgoing.once('close', () => socket?.end());
        }
      }
    },
  };
  return connections;
}
