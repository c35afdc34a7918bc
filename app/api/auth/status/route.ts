import { getApp } from '#lib/app.ts';
import { answer, answerProblem, describeProblem, httpStatusOf } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { isSameOriginFetch } from '#lib/http/same-origin.ts';
import { forgetAttemptHere } from '#lib/session/forget-attempt.ts';
import { pollHere } from '#lib/session/poll-here.ts';
import type { StatusReply } from '#lib/shared/contract.ts';

/** What became of this browser's attempt; held until something changes. Logs in once it is verified. */
export const GET = apiRoute(async (request, language) => {
  if (!isSameOriginFetch(request)) {
    return answerProblem({ code: 'request_cross_origin' }, language);
  }
  const { statusWaitSeconds } = getApp().config.attempt;
  const outcome = await pollHere(request, statusWaitSeconds * 1_000);
  switch (outcome.status) {
    case 'pending':
      return answerStatus({
        status: 'pending',
        expires_in_seconds: Math.ceil(outcome.expiresInMs / 1_000),
        poll_after_ms: outcome.pollAfterMs,
      });
    case 'trouble':
      return answerProblem(outcome.failure, language);
    case 'logged_in':
      return answerStatus({ status: 'verified' });
    case 'missing':
      await forgetAttemptHere();
      return answerProblem({ code: 'attempt_missing' }, language);
    default: {
      await forgetAttemptHere();
      const { status, code } = outcome;
      const message = describeProblem({ code }, language);
      return answerStatus({ status, code, message }, httpStatusOf(code));
    }
  }
});

function answerStatus(reply: StatusReply, status = 200): Response {
  return answer(reply, status);
}
