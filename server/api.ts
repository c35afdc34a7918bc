import type { IncomingMessage, ServerResponse } from 'node:http';
import { BODY_MAX_BYTES, BODY_TIMEOUT_MS } from '#lib/http/body.ts';
import { type Problem, problemResponse } from '#lib/http/problems.ts';
import { reportRefusal } from '#lib/http/report.ts';
import type { RequestContext } from '#lib/http/request-context.ts';
import type { Route } from '#lib/http/route.ts';
import type { RouteMatch } from '#lib/http/router.ts';
import type { Services } from '#lib/services.ts';
import type { Admission } from './admission.ts';
import { readBody } from './read-body.ts';
import type { BackgroundTasks } from './shutdown.ts';
import { sendWebResponse, type Target, toWebRequest } from './web.ts';

/** A request for a route, or for anything else under `/api/`. */
interface ApiRequest {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  target: Target;
  context: RequestContext;
  found: RouteMatch | null;
}

export interface Api {
  /** Never throws. */
  answer(request: ApiRequest): Promise<void>;
}

/**
 * Answers requests for routes. The body is complete before anything else happens, and a queued route
 * holds its place only while our own code runs, never while a client sends or reads.
 */
export function createApi(services: Services, admission: Admission, tasks: BackgroundTasks): Api {
  const { origin } = services.config.app.origin;

  async function respond({ incoming, outgoing, target, context, found }: ApiRequest) {
    if (found === null) {
      return problemResponse({ code: 'request_not_found' }, context);
    }
    const { route, params } = found;
    const body = await readBody(incoming, BODY_MAX_BYTES, BODY_TIMEOUT_MS);
    if (body === 'incomplete') {
      return refuse(context, { code: 'request_incomplete' }, route, incoming);
    }
    const clientGone = new AbortController();
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) {
        clientGone.abort();
      }
    });
    const request = toWebRequest(incoming, { origin, target, body, signal: clientGone.signal });
    const work = () => route.answer(context, { request, params, after: tasks.add });
    if (!route.isQueued || request.method !== 'POST') {
      return await work();
    }
    const admitted = await admission.run(work);
    if (admitted.ok) {
      return admitted.value;
    }
    const problem = { code: 'store_unavailable', ...admitted.error } as const;
    return refuse(context, problem, route, incoming, 'admission_queue_full');
  }

  return {
    async answer(request) {
      await sendWebResponse(await respond(request), request.outgoing, request.incoming);
    },
  };
}

/** Refuses a request before its route has seen it. */
function refuse(
  context: RequestContext,
  problem: Problem,
  { path }: Route,
  { method = '' }: IncomingMessage,
  reason?: 'admission_queue_full',
): Response {
  reportRefusal(context, problem, { method, route: path }, reason);
  return problemResponse(problem, context);
}
