import { answer } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { isSameOriginWrite } from '#lib/http/same-origin.ts';
import { endSession } from '#lib/http/session.ts';
import type { DoneReply } from '#lib/shared/contract.ts';
import { fail, succeed } from '#lib/shared/result.ts';

/** Ends the session, here and in the store. The same answer the second time. */
const logOut = apiRoute(async (request, { app }) => {
  if (!isSameOriginWrite(request, app)) {
    return fail({ code: 'request_cross_origin' });
  }
  await endSession(app);
  const reply: DoneReply = { status: 'done' };
  return succeed(answer(reply));
});

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = onlyMethods({ POST: logOut });
