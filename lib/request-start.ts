import 'server-only';
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** A request that has just come to a server of Node's, and that nobody has begun to answer. */
export interface RequestStart {
  request: IncomingMessage;
  response: ServerResponse;
  server: Server;
}

/**
 * Shows `look` each request from now on before Next has it: Node tells of it first. Next gives no
 * other hold on its server, and a host that answers requests without one shows none.
 */
export function atEachRequest(look: (start: RequestStart) => void): void {
  subscribe('http.server.request.start', (message) => {
    if (isRequestStart(message)) {
      look(message);
    }
  });
}

function isRequestStart(message: unknown): message is RequestStart {
  return (
    typeof message === 'object' &&
    message !== null &&
    'request' in message &&
    'response' in message &&
    'server' in message
  );
}
