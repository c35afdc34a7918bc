import { answer } from '#lib/http/answer.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { sessionRoute } from '#lib/http/session-route.ts';
import { endOtherSession } from '#lib/sessions/other-sessions.ts';
import type { DoneReply } from '#lib/shared/contract.ts';
import { fail, succeed } from '#lib/shared/result.ts';

/**
 * Ends one of this user's other sessions. Anybody else's does not exist here; this one is ended
 * with /api/auth/logout.
 */
const endOne = sessionRoute<RouteContext<'/api/auth/sessions/[id]'>>(
  async (_request, { app, loggedIn }, context) => {
    const { id } = await context.params;
    if (!(await endOtherSession(app.sessions, loggedIn, id))) {
      return fail({ code: 'session_missing' });
    }
    const reply: DoneReply = { status: 'done' };
    return succeed(answer(reply));
  },
);

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = onlyMethods({ DELETE: endOne });
