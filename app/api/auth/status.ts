import { forgetAttempt } from '#lib/http/attempt-cookie.ts';
import { noBody } from '#lib/http/body.ts';
import { pollForRequest } from '#lib/http/poll-for-request.ts';
import { readPollPreferences } from '#lib/http/poll-preferences.ts';
import { describeProblem, httpStatusOf } from '#lib/http/problems.ts';
import { json } from '#lib/http/responses.ts';
import { route } from '#lib/http/route.ts';
import type { StatusReply } from '#lib/shared/contract.ts';
import { fail, type Result, succeed } from '#lib/shared/result.ts';

/**
 * What became of this browser's attempt; held until something changes. Logs in once the call is
 * verified, and then says `verified`, the guide's word for a completed attempt.
 */
export const status = route({
  path: '/api/auth/status',
  methods: ['GET'],
  access: 'same-origin',
  body: noBody,
  async handle(context, { request }) {
    const { config } = context.services;
    const outcome = await pollForRequest(context, {
      ...readPollPreferences(request.headers, config.attempt),
      signal: request.signal,
    });
    switch (outcome.status) {
      case 'pending':
        return reply({
          status: 'pending',
          expires_in_seconds: Math.ceil(outcome.expiresInMs / 1_000),
          poll_after_ms: outcome.pollAfterMs,
        });
      case 'completed':
        return reply({ status: 'verified' });
      case 'trouble':
        return fail(outcome.failure);
      case 'missing':
        await forgetAttempt(context);
        return fail({ code: 'attempt_missing' });
      default: {
        await forgetAttempt(context);
        const { status, code } = outcome;
        const message = describeProblem({ code }, context.language);
        return reply({ status, code, message }, httpStatusOf(code));
      }
    }
  },
});

function reply(body: StatusReply, httpStatus = 200): Result<Response, never> {
  return succeed(json(body, httpStatus));
}
