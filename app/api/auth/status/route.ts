import { answer, describeProblem, httpStatusOf } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { forgetAttemptOfRequest } from '#lib/http/forget-attempt.ts';
import { howToPoll } from '#lib/http/how-to-poll.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { pendingReply } from '#lib/http/pending.ts';
import { pollForRequest } from '#lib/http/poll-for-request.ts';
import { isSameOriginFetch } from '#lib/http/same-origin.ts';
import type { StatusReply } from '#lib/shared/contract.ts';
import { fail, type Result, succeed } from '#lib/shared/result.ts';

/** What became of this browser's attempt; held until something changes. Logs in once it is verified. */
const status = apiRoute(async (request, { id, app, language }) => {
  if (!isSameOriginFetch(request.headers)) {
    return fail({ code: 'request_cross_origin' });
  }
  const outcome = await pollForRequest(app, request, {
    ...howToPoll(request.headers, app.config.attempt),
    waited: app.waited.get(id)?.(),
  });
  switch (outcome.status) {
    case 'pending':
      return answerStatus(pendingReply(outcome));
    case 'trouble':
      return fail(outcome.failure);
    case 'logged_in':
      return answerStatus({ status: 'verified' });
    case 'missing':
      await forgetAttemptOfRequest(app);
      return fail({ code: 'attempt_missing' });
    default: {
      await forgetAttemptOfRequest(app);
      const { status, code } = outcome;
      const message = describeProblem({ code }, language);
      return answerStatus({ status, code, message }, httpStatusOf(code));
    }
  }
});

function answerStatus(reply: StatusReply, status = 200): Result<Response, never> {
  return succeed(answer(reply, status));
}

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = onlyMethods({ GET: status });
