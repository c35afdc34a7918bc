import { getApp } from '#lib/app.ts';
import { answer, answerProblem } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { isSameOriginWrite } from '#lib/http/same-origin.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import { forgetAttempt } from '#lib/session/forget-attempt.ts';
import type { DoneReply } from '#lib/shared/contract.ts';

/** Ends this browser's attempt, if it has one. The same answer the second time. */
export const POST = apiRoute(async (request, language) => {
  if (!isSameOriginWrite(request)) {
    return answerProblem({ code: 'request_cross_origin' }, language);
  }
  const { cookies, login } = getApp();
  const cookie = await cookies.attempt.read();
  if (cookie?.attemptToken !== undefined) {
    await cancelAttempt(login, cookie.attemptToken);
    await forgetAttempt(cookie.browserToken);
  }
  const reply: DoneReply = { status: 'done' };
  return answer(reply);
});
