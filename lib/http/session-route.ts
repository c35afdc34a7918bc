import 'server-only';
import type { LoggedIn } from '../sessions/open.ts';
import { fail } from '../shared/result.ts';
import { apiRoute, type Handler } from './api-route.ts';
import { resealOld } from './reseal.ts';
import { isSameOriginWrite } from './same-origin.ts';
import { readSession } from './session.ts';
import type { RequestContext } from './visit.ts';

/** Wraps a route handler that changes something for whoever is logged in, and for nobody else. */
export function sessionRoute<Context>(
  handler: (
    request: Request,
    visit: RequestContext & { loggedIn: LoggedIn },
    context: Context,
  ) => ReturnType<Handler<Context>>,
) {
  return apiRoute<Context>(async (request, visit, context) => {
    if (!isSameOriginWrite(request, visit.app)) {
      return fail({ code: 'request_cross_origin' });
    }
    const loggedIn = await readSession(visit.app);
    if (loggedIn === null) {
      return fail({ code: 'not_logged_in' });
    }
    await resealOld(visit.app);
    return await handler(request, { ...visit, loggedIn }, context);
  });
}
