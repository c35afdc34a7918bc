import { getApp } from '#lib/app.ts';
import { answer, answerProblem } from '#lib/http/answer.ts';
import { sessionRoute } from '#lib/http/session-route.ts';
import { endOtherSession } from '#lib/session/elsewhere.ts';
import type { DoneReply } from '#lib/shared/contract.ts';

/**
 * Ends one of this user's other sessions. Anybody else's does not exist here; this one is ended
 * with /api/auth/logout.
 */
export const DELETE = sessionRoute<RouteContext<'/api/auth/sessions/[id]'>>(
  async (_request, language, loggedIn, context) => {
    const { id } = await context.params;
    if (!(await endOtherSession(getApp().sessions, loggedIn, id))) {
      return answerProblem({ code: 'session_missing' }, language);
    }
    const reply: DoneReply = { status: 'done' };
    return answer(reply);
  },
);
