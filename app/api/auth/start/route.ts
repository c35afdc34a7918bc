import { answer } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { readJsonBody } from '#lib/http/body.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { isSameOriginWrite } from '#lib/http/same-origin.ts';
import { startForRequest } from '#lib/http/start-for-request.ts';
import { startRequestSchema } from '#lib/shared/contract.ts';
import { fail, succeed } from '#lib/shared/result.ts';

/** Starts an attempt, or returns this browser's live one for the same number. */
const start = apiRoute(async (request, { app }) => {
  if (!isSameOriginWrite(request, app)) {
    return fail({ code: 'request_cross_origin' });
  }
  const body = await readJsonBody(request, startRequestSchema);
  if (!body.ok) {
    return body;
  }
  const started = await startForRequest(app, request, body.value);
  return started.ok ? succeed(answer(started.value)) : started;
});

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = onlyMethods({ POST: start });
