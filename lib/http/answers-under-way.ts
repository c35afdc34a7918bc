import 'server-only';
import type { ServerResponse } from 'node:http';
import { atEachRequest } from '../request-start.ts';

/**
 * Follows the answers of this process from now on.
 *
 * @returns what lets each connection end with the answer it waits for. Otherwise browsers keep theirs
 * open for the next request, and a server that is to end waits for them.
 */
export function followAnswers(): () => void {
  const underWay = new Set<ServerResponse>();
  let isEnding = false;
  atEachRequest(({ response }) => {
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
      if (response.headersSent) {
        // It has said already that the connection stays.
        const { socket } = response;
        response.once('close', () => socket?.end());
      }
    }
  };
}
