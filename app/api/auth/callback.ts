import { noBody } from '#lib/http/body.ts';
import { noContent } from '#lib/http/responses.ts';
import { route } from '#lib/http/route.ts';
import { handleCallback } from '#lib/login/callback.ts';
import { succeed } from '#lib/shared/result.ts';

/**
 * The vendor's hint that a call has come. Its method is not documented and its body is not believed,
 * so neither is read; the answer is the same for any token.
 */
export const callback = route({
  path: '/api/auth/callback/[token]',
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  access: 'vendor',
  summary: 'Says that a call has come. Nothing of it is believed: the server asks the vendor.',
  replies: { 204: null },
  body: noBody,
  async handle({ login, log }, { params, after }) {
    after(async () => {
      try {
        await handleCallback(login, params.token ?? '');
      } catch (error) {
        log.error({ event: 'callback_failed', error }, 'a callback could not be handled');
      }
    });
    return succeed(noContent());
  },
});
