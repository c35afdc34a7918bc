import 'server-only';
import { fail } from '../result.ts';
import type { LoggedIn } from '../session/open.ts';
import { resealOld } from '../session/reseal.ts';
import { readSession } from '../session/session.ts';
import { apiRoute, type Handler } from './api-route.ts';
import { isSameOriginWrite } from './same-origin.ts';
import type { Visit } from './visit.ts';

/** Wraps a route handler that changes something for whoever is logged in, and for nobody else. */
export function sessionRoute<Context>(
  handler: (
    request: Request,
    visit: Visit & { loggedIn: LoggedIn },
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
