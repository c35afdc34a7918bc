import 'server-only';
import { subscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';

/**
 * Follows the answers of this process from now on.
 *
 * @returns what lets each connection end with the answer it waits for. Otherwise browsers keep theirs
 * open for the next request, and a server that is to end waits for them.
 */
export function followAnswers(): () => void {
  const underWay = new Set<ServerResponse>();
  let isEnding = false;
  subscribe('http.server.request.start', (message) => {
    if (!isRequestStart(message)) {
      return;
    }
    const { response } = message;
    if (isEnding) {
      response.shouldKeepAlive = false;
      return;
    }
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
  });
  return () => {
    isEnding = true;
    for (const response of underWay) {
      response.shouldKeepAlive = false;
    }
  };
}

function isRequestStart(message: unknown): message is { response: ServerResponse } {
  return typeof message === 'object' && message !== null && 'response' in message;
}
