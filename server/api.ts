import type { IncomingMessage, ServerResponse } from 'node:http';
import { BODY_MAX_BYTES, BODY_TIMEOUT_MS } from '#lib/http/body.ts';
import { type Problem, problemResponse } from '#lib/http/problems.ts';
import { reportFailure, reportRefusal } from '#lib/http/report.ts';
import type { RequestContext } from '#lib/http/request-context.ts';
import { answerRoute, type Route } from '#lib/http/route.ts';
import type { RouteMatch } from '#lib/http/router.ts';
import { measure } from '#lib/observe/metrics.ts';
import type { Admission } from './admission.ts';
import { readBody } from './read-body.ts';
import type { BackgroundTasks } from './shutdown.ts';
import { sendWebResponse, toRouteRequest } from './web.ts';

/** A request for a route, or for anything else under `/api/`. */
interface ApiRequest {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  openContext(): RequestContext;
  found: RouteMatch | null;
}

/** Answers a request. Failures are logged, and answered without detail. */
export type AnswerApi = (request: ApiRequest) => Promise<void>;

/**
 * Answers requests for routes. A body that a route reads is complete before anything else happens, and a
 * queued route holds a permit only while our own code runs, never while the client sends or reads.
 *
 * @param bodyTimeoutMs can be shortened for tests.
 */
export function createApi(
  admission: Admission,
  tasks: BackgroundTasks,
  bodyTimeoutMs = BODY_TIMEOUT_MS,
): AnswerApi {
  /** @returns null if the client has disconnected. */
  async function respond({
    incoming,
    outgoing,
    openContext,
    found,
  }: ApiRequest): Promise<Response | null> {
    if (found === null) {
      return problemResponse({ code: 'request_not_found' }, openContext());
    }
    const { route, params } = found;
    const body =
      route.body.mediaType !== null
        ? await readBody(incoming, BODY_MAX_BYTES, bodyTimeoutMs)
        : null;
    if (body === 'incomplete') {
      outgoing.shouldKeepAlive = false;
      return refuse(openContext(), { code: 'request_incomplete' }, route, incoming);
    }
    const clientGone = new AbortController();
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) {
        clientGone.abort();
      }
    });
    const request = toRouteRequest(incoming, { body, signal: clientGone.signal });
    const work = () => answerRoute(route, openContext, { request, params, after: tasks.add });
    if (!route.isQueued || request.method !== 'POST') {
      // Without `await`: a held poll would keep what is in scope here.
      return work();
    }
    const admitted = await admission.run(work, clientGone.signal);
    if (admitted.ok) {
      return admitted.value;
    }
    if (admitted.error === 'client_gone') {
      return null;
    }
    measure('call_login_start_refused_total', 1, { limit: 'admission_queue_full' });
    const problem = { code: 'store_unavailable', ...admitted.error } as const;
    return refuse(openContext(), problem, route, incoming, 'admission_queue_full');
  }

  return async (request) => {
    const { incoming, outgoing, openContext, found } = request;
    let response: Response | null;
    try {
      response = await respond(request);
    } catch (error) {
      const place = { method: incoming.method ?? '', route: found?.route.path ?? '' };
      const context = openContext();
      response = problemResponse(reportFailure(context, error, place), context);
    }
    if (response !== null) {
      await sendWebResponse(response, outgoing, incoming);
    }
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
