import { answer, describeProblem, httpStatusOf } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { isSameOriginFetch } from '#lib/http/same-origin.ts';
import { pollAttempt } from '#lib/login/poll.ts';
import { fail, type Result, succeed } from '#lib/result.ts';
import { forgetAttempt } from '#lib/session/forget-attempt.ts';
import { readSession } from '#lib/session/session.ts';
import { whereaboutsOf } from '#lib/session/whereabouts.ts';
import type { StatusReply } from '#lib/shared/contract.ts';

/** What became of this browser's attempt; held until something changes. Logs in once it is verified. */
const status = apiRoute(async (request, { app, language }) => {
  if (!isSameOriginFetch(request)) {
    return fail({ code: 'request_cross_origin' });
  }
  const { config, cookies, login } = app;
  const cookie = await cookies.attempt.read();
  if (cookie?.attemptToken === undefined) {
    // Another tab of this browser may have completed the attempt that this one waits for.
    return (await readSession(app)) === null
      ? fail({ code: 'attempt_missing' })
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
      return fail(outcome.failure);
    case 'completed': {
      const { sessionToken } = outcome;
      if (sessionToken !== null) {
        await cookies.session.write({ sessionToken });
      }
      await forgetAttempt(app, cookie.browserToken);
      return sessionToken !== null || (await readSession(app)) !== null
        ? answerStatus({ status: 'verified' })
        : fail({ code: 'attempt_missing' });
    }
    case 'missing':
      await forgetAttempt(app, cookie.browserToken);
      return fail({ code: 'attempt_missing' });
    default: {
      await forgetAttempt(app, cookie.browserToken);
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
