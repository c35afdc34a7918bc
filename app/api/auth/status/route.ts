import { answer, describeProblem, httpStatusOf } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { howToPoll } from '#lib/http/how-to-poll.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { pendingReply } from '#lib/http/pending.ts';
import { isSameOriginFetch } from '#lib/http/same-origin.ts';
import { fail, type Result, succeed } from '#lib/result.ts';
import { forgetAttemptHere } from '#lib/session/forget-attempt.ts';
import { pollHere } from '#lib/session/poll-here.ts';
import type { StatusReply } from '#lib/shared/contract.ts';

/** What became of this browser's attempt; held until something changes. Logs in once it is verified. */
const status = apiRoute(async (request, { id, app, language }) => {
  if (!isSameOriginFetch(request.headers)) {
    return fail({ code: 'request_cross_origin' });
  }
  const outcome = await pollHere(app, request, {
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
      await forgetAttemptHere(app);
      return fail({ code: 'attempt_missing' });
    default: {
      await forgetAttemptHere(app);
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
