import { answer } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { forgetAttempt } from '#lib/http/forget-attempt.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { isSameOriginWrite } from '#lib/http/same-origin.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import type { DoneReply } from '#lib/shared/contract.ts';
import { fail, succeed } from '#lib/shared/result.ts';

/** Ends this browser's attempt, if it has one. The same answer the second time. */
const cancel = apiRoute(async (request, { app }) => {
  if (!isSameOriginWrite(request, app)) {
    return fail({ code: 'request_cross_origin' });
  }
  const { cookies, login } = app;
  const cookie = await cookies.attempt.read();
  if (cookie?.attemptToken !== undefined) {
    await cancelAttempt(login, cookie.attemptToken);
    await forgetAttempt(app, cookie.browserToken);
  }
  const reply: DoneReply = { status: 'done' };
  return succeed(answer(reply));
});

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = onlyMethods({ POST: cancel });
