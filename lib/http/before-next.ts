import 'server-only';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { atEachRequest } from '../request-start.ts';

/**
 * Has requests wait for something before Next begins with them: one that waits inside a route keeps
 * all that Next and React have built up for it. A request whose connection closes meanwhile, or that
 * is answered, never comes to Next.
 *
 * @param wait says what to wait for, or null for a request that need not wait.
 */
export function waitBeforeNext(
  wait: (request: IncomingMessage, response: ServerResponse) => Promise<void> | null,
): void {
  const servers = new WeakSet<Server>();
  atEachRequest(({ server }) => {
    if (!servers.has(server)) {
      // In time for this very request.
      servers.add(server);
      standBefore(server, wait);
    }
  });
}

function standBefore(server: Server, wait: Parameters<typeof waitBeforeNext>[0]): void {
  const listeners = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const handOver = () => {
      for (const listener of listeners) {
        listener.call(server, request, response);
      }
    };
    const waiting = wait(request, response);
    if (waiting === null) {
      handOver();
      return;
    }
    const goOn = () => {
      if (!response.destroyed && !response.writableEnded) {
        handOver();
      }
    };
    // Whatever went wrong, whoever asked is answered.
    void waiting.then(goOn, goOn);
  });
}
