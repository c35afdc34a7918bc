import { answer, answerProblem } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { isSameOriginWrite } from '#lib/http/same-origin.ts';
import { endSession } from '#lib/session/session.ts';
import type { DoneReply } from '#lib/shared/contract.ts';

/** Ends the session, here and in the store. The same answer the second time. */
export const POST = apiRoute(async (request, language) => {
  if (!isSameOriginWrite(request)) {
    return answerProblem({ code: 'request_cross_origin' }, language);
  }
  await endSession();
  const reply: DoneReply = { status: 'done' };
  return answer(reply);
});
