import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { findRoute } from '#app/api/routes.ts';
import { createRequestContext, createRequestId } from '#lib/http/request-context.ts';
import type { Services } from '#lib/services.ts';
import type { AnswerApi } from './api.ts';
import type { Connections } from './connections.ts';
import type { AnswerPage } from './pages.ts';
import { headersOf, readTarget, sendStatus } from './web.ts';

/**
 * What happens to each request, in this order:
 *
 * 1. it gets an id, and its connection is checked (`connections.ts`);
 * 2. its target is normalized, so that no spelling of a path goes around what follows;
 * 3. a route, or anything else under `/api/`, is answered here (`api.ts`);
 * 4. the rest is for Next (`pages.ts`).
 */
export function createListener({
  services,
  connections,
  answerApi,
  answerPage,
}: {
  services: Services;
  connections: Connections;
  answerApi: AnswerApi;
  answerPage: AnswerPage;
}): RequestListener {
  async function answer(incoming: IncomingMessage, outgoing: ServerResponse, id: string) {
    const target = readTarget(incoming.url ?? '/');
    const found = findRoute(target.pathname);
    if (found !== null || target.pathname.startsWith('/api/')) {
      const origin = { id, peerAddress: incoming.socket.remoteAddress ?? null };
      const openContext = () => createRequestContext(services, headersOf(incoming), origin);
      await answerApi({ incoming, outgoing, openContext, found });
    } else {
      await answerPage({ incoming, outgoing, target, id });
    }
  }

  return (incoming, outgoing) => {
    const id = createRequestId();
    if (!connections.admit(incoming, outgoing)) {
      return;
    }
    answer(incoming, outgoing, id).catch((error: unknown) => {
      const { method } = incoming;
      services.log.error(
        { request: id, event: 'internal_error', method, error },
        'a request failed',
      );
      if (outgoing.headersSent) {
        outgoing.destroy();
      } else {
        sendStatus(outgoing, 500, { 'x-request-id': id });
      }
    });
  };
}
