import * as z from 'zod/mini';
import { forgetAttempt } from '#lib/http/attempt-cookie.ts';
import { noBody } from '#lib/http/body.ts';
import { pollForRequest } from '#lib/http/poll-for-request.ts';
import { readPollPreferences } from '#lib/http/poll-preferences.ts';
import { describeProblem, factsOf, httpStatusOf, pauthCheckCodes } from '#lib/http/problems.ts';
import { json, type RouteResponse } from '#lib/http/responses.ts';
import { route } from '#lib/http/route.ts';
import { HeldPoll } from '#lib/login/held-poll.ts';
import { attemptEnds } from '#lib/shared/attempt-states.ts';
import {
  endedStatusReplySchema,
  openStatusReplySchema,
  type StatusReply,
} from '#lib/shared/contract.ts';
import { PROMPTED_HEADER } from '#lib/shared/prompted-header.ts';
import { fail, type Result, succeed } from '#lib/shared/result.ts';

const endCodes = [
  ...attemptEnds.map((end) => `attempt_${end}` as const),
  'signup_closed',
  'user_disabled',
] as const;

/**
 * How an attempt can have ended, by HTTP status. One that the vendor refused at its start is none of them:
 * no browser has its cookie.
 */
const endedReplies = Object.fromEntries(
  Object.entries(Object.groupBy(endCodes, httpStatusOf)).map(([status, codes = []]) => [
    status,
    z.extend(endedStatusReplySchema, { code: z.enum(codes) }),
  ]),
);

/**
 * What became of this browser's attempt; held until something changes. Logs in once the call is
 * verified, and then says `verified`, the guide's word for a completed attempt.
 */
export const status = route({
  path: '/api/auth/status',
  methods: ['GET'],
  access: 'same-origin',
  summary: 'What became of the attempt of this browser. Held until something changes.',
  cookies: ['attempt', 'session'],
  headers: {
    prefer:
      '`wait=8`: for how many seconds the request may be held, if less than the server would.',
    [PROMPTED_HEADER]: '`1`: the person says that they have called, so the vendor is asked soon.',
  },
  replies: { 200: openStatusReplySchema, ...endedReplies },
  refuses: [...pauthCheckCodes, 'attempt_missing'],
  body: noBody,
  async handle(context, { request, held }) {
    const { config } = context.services;
    const preferences = readPollPreferences(request.headers, config.attempt);
    const outcome = await pollForRequest(context, preferences, held);
    if (outcome instanceof HeldPoll) {
      return succeed(outcome);
    }
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
        const message = describeProblem(outcome, context.language);
        const { status } = outcome;
        return reply({ status, message, ...factsOf(outcome) }, httpStatusOf(outcome.code));
      }
    }
  },
});

function reply(body: StatusReply, httpStatus = 200): Result<RouteResponse, never> {
  return succeed(json(body, httpStatus));
}
