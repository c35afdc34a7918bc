import { after } from 'next/server';
import { problemResponse } from '#lib/http/problems.ts';
import { createNextContext, requestIdOf } from '#lib/http/request-context.ts';
import type { RouteResponse } from '#lib/http/responses.ts';
import { untilAnswered } from '#lib/login/held-poll.ts';
import { getServices } from '#lib/services.ts';
import { findRoute } from './api/routes.ts';

/**
 * How `next dev`, `next start` and Vercel host the routes: Next's catch-all route handlers re-export
 * these. On the Node host `server/` answers before Next sees a request, so that nothing gets here past
 * its admission, however a path is spelled.
 */
async function answer(request: Request): Promise<Response> {
  const services = getServices();
  const { headers } = request;
  const id = requestIdOf(services, headers);
  const openContext = () => createNextContext(services, headers, id);
  const found = services.isNodeHost ? null : findRoute(new URL(request.url).pathname);
  if (found === null) {
    return webResponseOf(problemResponse({ code: 'request_not_found' }, openContext()));
  }
  const { route, params } = found;
  return webResponseOf(
    await untilAnswered(
      (held) => route.answer(openContext(), { request, params, after, held }),
      request.signal,
    ),
  );
}

function webResponseOf({ status, headers, cookies, body }: RouteResponse): Response {
  const response = new Response(body, { status, headers });
  for (const cookie of cookies) {
    response.headers.append('set-cookie', cookie);
  }
  return response;
}

export {
  answer as DELETE,
  answer as GET,
  answer as HEAD,
  answer as OPTIONS,
  answer as PATCH,
  answer as POST,
  answer as PUT,
};
