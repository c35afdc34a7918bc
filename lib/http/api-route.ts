import 'server-only';
import { clearUnreadable } from '../cookies/cookies.ts';
import { coarseNetwork, networkOf } from '../limits/client-address.ts';
import type { ErrorCode } from '../shared/error-codes.ts';
import { fail, type Result } from '../shared/result.ts';
import { isStoreFailure } from '../store/failure.ts';
import { answerProblem, type Problem } from './answer.ts';
import { type RequestContext, readVisit } from './visit.ts';

/** Answers a request, or says why it is refused. */
export type Handler<Context> = (
  request: Request,
  visit: RequestContext,
  context: Context,
) => Promise<Result<Response, Problem>>;

/** Refusals that no page of ours brings about: somebody tries something, or a client is broken. */
const suspicious: ReadonlySet<ErrorCode> = new Set([
  'request_cross_origin',
  'request_wrong_method',
  'request_not_json',
  'request_incomplete',
  'request_too_large',
  'request_invalid',
  'rate_limited',
  'session_missing',
]);

/**
 * Wraps a route handler: what it refuses becomes an answer with a sentence in the visitor's
 * language, and whatever it throws is logged and answered without a word of detail, and never as a
 * login. A cookie of ours that nothing can read is cleared with the answer. Every answer says the
 * request's id, by which its lines are found in the log.
 */
export function apiRoute<Context>(handler: Handler<Context>) {
  return async (request: Request, context: Context): Promise<Response> => {
    const visit = await readVisit();
    const outcome = await settle(handler, request, visit, context);
    const response = outcome.ok ? outcome.value : answerProblem(outcome.error, visit);
    response.headers.set('x-request-id', visit.id);
    return response;
  };
}

async function settle<Context>(
  handler: Handler<Context>,
  request: Request,
  visit: RequestContext,
  context: Context,
): Promise<Result<Response, Problem>> {
  const { log, throttledLog, config } = visit.app;
  try {
    await clearUnreadable(visit.app.cookies);
    const outcome = await handler(request, visit, context);
    await visit.app.cookies.send();
    if (!outcome.ok && suspicious.has(outcome.error.code)) {
      const { code } = outcome.error;
      const limit = 'limit' in outcome.error ? { limit: outcome.error.limit } : {};
      const network = coarseNetwork(networkOf(request.headers, config.app.trustedProxy));
      const entry = { event: 'request_refused', code, ...limit, ...placeOf(request), network };
      const message = 'a request was refused';
      throttledLog(log, 'warn', { kind: `refused ${code}`, entry, message });
    }
    return outcome;
  } catch (error) {
    const code = isStoreFailure(error) ? 'store_unavailable' : 'internal_error';
    const entry = { event: code, ...placeOf(request), error };
    if (code === 'internal_error') {
      log.error(entry, 'a request failed');
    } else {
      // While the store is away, everybody who waits asks again every few seconds.
      throttledLog(log, 'error', { kind: code, entry, message: 'a request failed' });
    }
    return fail({ code });
  }
}

/** Which route it was: what follows may name a session or hold a callback's token. */
function placeOf(request: Request): { method: string; route: string } {
  const { pathname } = new URL(request.url);
  return { method: request.method, route: pathname.split('/').slice(0, 4).join('/') };
}
