import { answer } from '#lib/http/answer.ts';
import { readJsonBody } from '#lib/http/body.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { sessionRoute } from '#lib/http/session-route.ts';
import { dismissNotices } from '#lib/sessions/other-sessions.ts';
import { type DoneReply, seenRequestSchema } from '#lib/shared/contract.ts';
import { succeed } from '#lib/shared/result.ts';

/** Takes the new-device notices up to an instant for read. */
const markSeen = sessionRoute(async (request, { app, loggedIn }) => {
  const body = await readJsonBody(request, seenRequestSchema);
  if (!body.ok) {
    return body;
  }
  await dismissNotices(app.sessions, loggedIn, Date.parse(body.value.until));
  const reply: DoneReply = { status: 'done' };
  return succeed(answer(reply));
});

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = onlyMethods({ POST: markSeen });
