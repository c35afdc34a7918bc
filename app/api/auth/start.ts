import { jsonBody } from '#lib/http/body.ts';
import { json } from '#lib/http/responses.ts';
import { route } from '#lib/http/route.ts';
import { startForRequest } from '#lib/http/start-for-request.ts';
import { startRequestSchema } from '#lib/shared/contract.ts';
import { succeed } from '#lib/shared/result.ts';

/** Starts an attempt, or returns this browser's live one for the same number. */
export const start = route({
  path: '/api/auth/start',
  methods: ['POST'],
  access: 'same-origin',
  body: jsonBody(startRequestSchema),
  isQueued: true,
  async handle(context, { body }) {
    const started = await startForRequest(context, body);
    return started.ok ? succeed(json(started.value)) : started;
  },
});
