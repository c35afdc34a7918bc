import { getApp } from '#lib/app.ts';
import { answer, answerProblem } from '#lib/http/answer.ts';
import { readJsonBody } from '#lib/http/body.ts';
import { sessionRoute } from '#lib/http/session-route.ts';
import { dismissNotices } from '#lib/session/elsewhere.ts';
import { type DoneReply, seenRequestSchema } from '#lib/shared/contract.ts';

/** Takes the new-device notices up to an instant for read. */
export const POST = sessionRoute(async (request, language, loggedIn) => {
  const body = await readJsonBody(request, seenRequestSchema);
  if (!body.ok) {
    return answerProblem(body.error, language);
  }
  await dismissNotices(getApp().sessions, loggedIn, Date.parse(body.value.until));
  const reply: DoneReply = { status: 'done' };
  return answer(reply);
});
