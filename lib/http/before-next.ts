import 'server-only';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { atEachRequest } from '../request-start.ts';
import type { JsonAnswer } from './answer.ts';
import standing from './standing-headers.json' with { type: 'json' };

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

/** The headers of a request that Next has not begun with, as its own routes read them. */
export function headersOf({ headers }: IncomingMessage): Pick<Headers, 'get'> {
  return {
    get(name) {
      const value = headers[name];
      return value === undefined ? null : String(value);
    },
  };
}

/** Sends an answer of the API as Next would, with the headers that next.config.mjs has for it. */
export function sendBeforeNext(
  response: ServerResponse,
  { status, headers, text }: JsonAnswer,
  id: string,
): void {
  for (const { key, value } of [...standing.everywhere, ...standing.noPage]) {
    response.setHeader(key, value);
  }
  for (const [name, value] of Object.entries({ ...headers, 'x-request-id': id })) {
    response.setHeader(name, value);
  }
  response.statusCode = status;
  // Says how long it is as well, which is known only now.
  response.end(text);
}
