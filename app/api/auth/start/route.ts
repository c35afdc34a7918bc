import { answer, answerProblem } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { readJsonBody } from '#lib/http/body.ts';
import { isSameOriginWrite } from '#lib/http/same-origin.ts';
import { startHere } from '#lib/session/start-here.ts';
import { startRequestSchema } from '#lib/shared/contract.ts';

/** Starts an attempt, or returns this browser's live one for the same number. */
export const POST = apiRoute(async (request, language) => {
  if (!isSameOriginWrite(request)) {
    return answerProblem({ code: 'request_cross_origin' }, language);
  }
  const body = await readJsonBody(request, startRequestSchema);
  if (!body.ok) {
    return answerProblem(body.error, language);
  }
  const started = await startHere(request, body.value);
  return started.ok ? answer(started.value) : answerProblem(started.error, language);
});
