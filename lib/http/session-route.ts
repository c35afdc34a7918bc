import 'server-only';
import type { LoggedIn } from '../session/open.ts';
import { readSession } from '../session/session.ts';
import type { Language } from '../shared/language.ts';
import { answerProblem } from './answer.ts';
import { apiRoute } from './api-route.ts';
import { isSameOriginWrite } from './same-origin.ts';

/** Wraps a route handler that changes something for whoever is logged in, and for nobody else. */
export function sessionRoute<Context>(
  handler: (
    request: Request,
    language: Language,
    loggedIn: LoggedIn,
    context: Context,
  ) => Promise<Response>,
) {
  return apiRoute<Context>(async (request, language, context) => {
    if (!isSameOriginWrite(request)) {
      return answerProblem({ code: 'request_cross_origin' }, language);
    }
    const loggedIn = await readSession();
    return loggedIn === null
      ? answerProblem({ code: 'not_logged_in' }, language)
      : await handler(request, language, loggedIn, context);
  });
}
