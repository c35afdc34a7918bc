import { getApp } from '#lib/app.ts';
import { answer, answerProblem, describeProblem, httpStatusOf } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { isSameOriginFetch } from '#lib/http/same-origin.ts';
import { pollAttempt } from '#lib/login/poll.ts';
import { forgetAttempt } from '#lib/session/forget-attempt.ts';
import { readSession } from '#lib/session/session.ts';
import { whereaboutsOf } from '#lib/session/whereabouts.ts';
import type { StatusReply } from '#lib/shared/contract.ts';

/** What became of this browser's attempt; held until something changes. Logs in once it is verified. */
export const GET = apiRoute(async (request, language) => {
  if (!isSameOriginFetch(request)) {
    return answerProblem({ code: 'request_cross_origin' }, language);
  }
  const { config, cookies, login } = getApp();
  const cookie = await cookies.attempt.read();
  if (cookie?.attemptToken === undefined) {
    // Another tab of this browser may have completed the attempt that this one waits for.
    return (await readSession()) === null
      ? answerProblem({ code: 'attempt_missing' }, language)
      : answerStatus({ status: 'verified' });
  }
  const outcome = await pollAttempt(login, cookie.attemptToken, {
    holdMs: config.attempt.statusWaitSeconds * 1_000,
    signal: request.signal,
    from: whereaboutsOf(request.headers, config.app.trustedProxy),
  });

  switch (outcome.status) {
    case 'pending':
      return answerStatus({
        status: 'pending',
        expires_in_seconds: Math.ceil(outcome.expiresInMs / 1_000),
        poll_after_ms: outcome.pollAfterMs,
      });
    case 'trouble':
      return answerProblem(outcome.failure, language);
    case 'completed': {
      const { sessionToken } = outcome;
      if (sessionToken !== null) {
        await cookies.session.write({ sessionToken });
      }
      await forgetAttempt(cookie.browserToken);
      return sessionToken !== null || (await readSession()) !== null
        ? answerStatus({ status: 'verified' })
        : answerProblem({ code: 'attempt_missing' }, language);
    }
    case 'missing':
      await forgetAttempt(cookie.browserToken);
      return answerProblem({ code: 'attempt_missing' }, language);
    default: {
      await forgetAttempt(cookie.browserToken);
      const { status, code } = outcome;
      const message = describeProblem({ code }, language);
      return answerStatus({ status, code, message }, httpStatusOf(code));
    }
  }
});

function answerStatus(reply: StatusReply, status = 200): Response {
  return answer(reply, status);
}
