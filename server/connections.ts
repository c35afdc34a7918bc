import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Services } from '#lib/services.ts';

/** The connections of a server, and the requests under way on each. */
export interface Connections {
  /** Follows every connection of a server, which must not have accepted one yet. */
  follow(server: Server): void;
  /** Follows a request; false if its connection closes without an answer to it. */
  admit(incoming: IncomingMessage, outgoing: ServerResponse): boolean;
  /** From now on each connection closes after the answers under way. */
  drain(): void;
}

/**
 * How many requests of one connection may wait for their answers. Browsers and proxies send the next
 * one after the answer; more is pipelining, by which one client could make work for many.
 */
const MAX_UNANSWERED = 8;

/**
 * How long a connection with a request under way may be silent: longer than a poll is held
 * (`STATUS_WAIT_SECONDS`, at most 55) and the vendor is asked after it. Closes those whose client does
 * not read its answers.
 */
const SILENCE_TIMEOUT_MS = 120_000;

/** How long a connection may take, while we drain, to deliver the rest of a request. */
const DRAIN_GRACE_MS = 1_000;

/** Timeouts can be shortened for tests. */
export function createConnections(
  { log, throttledLog }: Pick<Services, 'log' | 'throttledLog'>,
  { silenceTimeoutMs = SILENCE_TIMEOUT_MS, drainGraceMs = DRAIN_GRACE_MS } = {},
): Connections {
  /** Arrays, because a set takes three times as much for each browser that waits. */
  const unanswered = new Map<Socket, readonly ServerResponse[]>();
  let isDraining = false;

  return {
    follow(server) {
      server.timeout = silenceTimeoutMs;
      server.on('connection', (socket) => {
        unanswered.set(socket, []);
        // Emitted once. `once` would keep a wrapper of each listener for each browser that waits.
        socket.on('close', () => {
          const open = unanswered.get(socket) ?? [];
          unanswered.delete(socket);
          // Node 22 does not close, with their connection, answers that wait behind another one.
          for (const outgoing of open) {
            outgoing.destroy();
            outgoing.emit('close');
          }
        });
      });
    },

    admit({ socket, headers }, outgoing) {
      const open = unanswered.get(socket);
      const endsBefore = isDraining && open !== undefined && open.length > 0;
      if (open === undefined || socket.destroyed || endsBefore) {
        return false;
      }
      if (open.length >= MAX_UNANSWERED) {
        throttledLog(log, 'warn', {
          kind: 'connection closed',
          entry: { event: 'connection_closed', reason: 'too_many_unanswered_requests' },
          message: 'a client sent more requests than it read answers',
        });
        socket.destroy();
        return false;
      }
      unanswered.set(socket, [...open, outgoing]);
      // After an upgrade request, a client may send another protocol than HTTP.
      outgoing.shouldKeepAlive &&= !isDraining && headers.upgrade === undefined;
      outgoing.on('close', () => {
        const others = unanswered.get(socket)?.filter((each) => each !== outgoing);
        if (others !== undefined) {
          unanswered.set(socket, others);
        }
        if (isDraining && others?.length === 0) {
          // An earlier answer may have told the client that the connection stays open.
          socket.destroySoon();
        }
      });
      return true;
    },

    drain() {
      isDraining = true;
      for (const open of unanswered.values()) {
        // Node closes a connection after the first answer that says so.
        const last = open.at(-1);
        if (last !== undefined) {
          last.shouldKeepAlive = false;
        }
      }
      // Node closes connections between two requests, but not those that have delivered only part of one.
      setTimeout(() => {
        for (const [socket, open] of unanswered) {
          if (!open.some(({ req }) => req.complete)) {
            socket.destroy();
          }
        }
      }, drainGraceMs).unref();
    },
  };
}
