import type { IncomingMessage, ServerResponse } from 'node:http';
import { BODY_MAX_BYTES, BODY_TIMEOUT_MS } from '#lib/http/body.ts';
import { type Problem, problemResponse } from '#lib/http/problems.ts';
import { reportFailure, reportRefusal } from '#lib/http/report.ts';
import { createRequestContext, type RequestContext } from '#lib/http/request-context.ts';
import type { RouteResponse } from '#lib/http/responses.ts';
import type { Route } from '#lib/http/route.ts';
import type { RouteMatch } from '#lib/http/router.ts';
import { HeldPoll } from '#lib/login/held-poll.ts';
import { measure } from '#lib/observe/metrics.ts';
import type { Services } from '#lib/services.ts';
import type { Admission } from './admission.ts';
import { readBody } from './read-body.ts';
import type { BackgroundTasks } from './shutdown.ts';
import { headersOf, sendResponse, toRouteRequest } from './web.ts';

/** A request for a route, or for anything else under `/api/`. */
export interface ApiRequest {
  id: string;
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  found: RouteMatch | null;
}

/**
 * Answers a request, or says what to wait for before this is to be called again. Failures are logged, and answered without
 * detail.
 *
 * @param held what the request has waited for; null when it arrives.
 */
export type AnswerApi = (request: ApiRequest, held: HeldPoll | null) => Promise<HeldPoll | null>;

/**
 * Answers requests for routes. A body that a route reads is complete before anything else happens, and a
 * queued route holds a permit only while our own code runs, never while the client sends or reads.
 *
 * @param bodyTimeoutMs can be shortened for tests.
 */
export function createApi(
  services: Services,
  admission: Admission,
  tasks: BackgroundTasks,
  bodyTimeoutMs = BODY_TIMEOUT_MS,
): AnswerApi {
  function openContext({ id, incoming }: ApiRequest): RequestContext {
    const peerAddress = incoming.socket.remoteAddress ?? null;
    return createRequestContext(services, headersOf(incoming), { id, peerAddress });
  }

  /** @returns null if the client has disconnected. */
  async function respond(
    api: ApiRequest,
    held: HeldPoll | null,
  ): Promise<RouteResponse | HeldPoll | null> {
    const { incoming, outgoing, found } = api;
    if (found === null) {
      return problemResponse({ code: 'request_not_found' }, openContext(api));
    }
    const { route, params } = found;
    const body =
      route.body.mediaType !== null
        ? await readBody(incoming, BODY_MAX_BYTES, bodyTimeoutMs)
        : null;
    if (body === 'incomplete') {
      outgoing.shouldKeepAlive = false;
      return refuse(openContext(api), { code: 'request_incomplete' }, route, incoming);
    }
    const request = toRouteRequest(incoming, body);
    const work = () => route.answer(openContext(api), { request, params, after: tasks.add, held });
    if (!route.isQueued || request.method !== 'POST') {
      return await work();
    }
    const admitted = await admission.run(work, () => outgoing.destroyed);
    if (admitted.ok) {
      return admitted.value;
    }
    if (admitted.error === 'client_gone') {
      return null;
    }
    measure('call_login_start_refused_total', 1, { limit: 'admission_queue_full' });
    const problem = { code: 'store_unavailable', ...admitted.error } as const;
    return refuse(openContext(api), problem, route, incoming, 'admission_queue_full');
  }

  return async (api, held) => {
    const { incoming, outgoing, found } = api;
    let response: RouteResponse | HeldPoll | null;
    try {
      response = await respond(api, held);
    } catch (error) {
      const place = { method: incoming.method ?? '', route: found?.route.path ?? '' };
      const context = openContext(api);
      response = problemResponse(reportFailure(context, error, place), context);
    }
    if (response instanceof HeldPoll) {
      return response;
    }
    held?.close();
    if (response !== null) {
      sendResponse(response, outgoing, incoming);
    }
    return null;
  };
}

/** Refuses a request before its route has seen it. */
function refuse(
  context: RequestContext,
  problem: Problem,
  { path }: Route,
  { method = '' }: IncomingMessage,
  reason?: 'admission_queue_full',
): RouteResponse {
  reportRefusal(context, problem, { method, route: path }, reason);
  return problemResponse(problem, context);
}
