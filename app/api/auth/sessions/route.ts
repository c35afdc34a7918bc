import { answer } from '#lib/http/answer.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { sessionRoute } from '#lib/http/session-route.ts';
import { endOtherSessions } from '#lib/sessions/other-sessions.ts';
import type { DoneReply } from '#lib/shared/contract.ts';
import { succeed } from '#lib/shared/result.ts';

/** Ends every session of this user but this one. The same answer the second time. */
const endOthers = sessionRoute(async (_request, { app, loggedIn }) => {
  await endOtherSessions(app.sessions, loggedIn);
  const reply: DoneReply = { status: 'done' };
  return succeed(answer(reply));
});

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = onlyMethods({ DELETE: endOthers });
