import 'server-only';
import { fail } from '../shared/result.ts';
import { apiRoute } from './api-route.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

type Method = (typeof methods)[number];

type Handler<Context> = (request: Request, context: Context) => Promise<Response>;

/**
 * The exports of a route that answers the methods in `open` and refuses all others, saying which it
 * takes. Left alone, Next answers HEAD with the work of GET, and OPTIONS and the rest without a word.
 */
export function onlyMethods<Context>(
  open: Partial<Readonly<Record<Method, Handler<Context>>>>,
): Record<Method, Handler<Context>> {
  const allow = methods.filter((method) => open[method] !== undefined).join(', ');
  const answerRefusal = apiRoute<Context>(async () => fail({ code: 'request_wrong_method' }));
  const refuse: Handler<Context> = async (request, context) => {
    const response = await answerRefusal(request, context);
    response.headers.set('allow', allow);
    return response;
  };
  return {
    GET: open.GET ?? refuse,
    HEAD: open.HEAD ?? refuse,
    POST: open.POST ?? refuse,
    PUT: open.PUT ?? refuse,
    PATCH: open.PATCH ?? refuse,
    DELETE: open.DELETE ?? refuse,
    OPTIONS: open.OPTIONS ?? refuse,
  };
}
