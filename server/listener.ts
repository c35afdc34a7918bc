import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { findRoute } from '#app/api/routes.ts';
import { createRequestId } from '#lib/http/request-context.ts';
import type { HeldPoll } from '#lib/login/held-poll.ts';
import type { Services } from '#lib/services.ts';
import type { AnswerApi, ApiRequest } from './api.ts';
import type { Connections } from './connections.ts';
import type { AnswerPage } from './pages.ts';
import { readTarget, sendStatus } from './web.ts';

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
      const request = { id, incoming, outgoing, found };
      const held = await answerApi(request, null);
      if (held !== null) {
        outgoing.on('close', () => held.abandon());
        if (outgoing.destroyed) {
          held.abandon();
        }
        hold(request, held);
      }
    } else {
      await answerPage({ incoming, outgoing, target, id });
    }
  }

  /** Without `await`, so that nothing else is kept while ten thousand polls are held. */
  function hold(request: ApiRequest, held: HeldPoll): void {
    held.wait(() => {
      answerApi(request, held).then(
        (again) => again !== null && hold(request, again),
        (error: unknown) => fail(request, error),
      );
    });
  }

  function fail({ id, incoming: { method }, outgoing }: Omit<ApiRequest, 'found'>, error: unknown) {
    services.log.error({ request: id, event: 'internal_error', method, error }, 'a request failed');
    if (outgoing.headersSent) {
      outgoing.destroy();
    } else {
      sendStatus(outgoing, 500, { 'x-request-id': id });
    }
  }

  return (incoming, outgoing) => {
    const id = createRequestId();
    if (!connections.admit(incoming, outgoing)) {
      return;
    }
    answer(incoming, outgoing, id).catch((error: unknown) =>
      fail({ id, incoming, outgoing }, error),
    );
  };
}
