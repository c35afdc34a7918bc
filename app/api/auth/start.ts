import { jsonBody } from '#lib/http/body.ts';
import { pauthCodes, phoneNumberCodes } from '#lib/http/problems.ts';
import { json } from '#lib/http/responses.ts';
import { route } from '#lib/http/route.ts';
import { startForRequest } from '#lib/http/start-for-request.ts';
import { attemptViewSchema, startRequestSchema } from '#lib/shared/contract.ts';
import { succeed } from '#lib/shared/result.ts';

export const start = route({
  path: '/api/auth/start',
  methods: ['POST'],
  access: 'same-origin',
  summary: 'Starts an attempt, or returns the live one of this browser for the same number.',
  cookies: ['attempt', 'number'],
  replies: { 200: attemptViewSchema },
  refuses: [
    ...phoneNumberCodes,
    ...pauthCodes,
    'rate_limited',
    'request_invalid',
    'attempt_cancelled',
    'attempt_failed',
  ],
  body: jsonBody(startRequestSchema),
  isQueued: true,
  async handle(context, { body }) {
    const started = await startForRequest(context, body);
    return started.ok ? succeed(json(started.value)) : started;
  },
});
