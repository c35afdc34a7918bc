import { after } from 'next/server';
import { apiRoute } from '#lib/http/api-route.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { takeCallback } from '#lib/login/callback.ts';
import { succeed } from '#lib/shared/result.ts';

/**
 * The vendor's hint that a call has come. Its method is not documented and its body not believed,
 * so neither is looked at; the answer says nothing, whatever the token.
 */
const take = apiRoute<RouteContext<'/api/auth/callback/[token]'>>(
  async (_request, { app }, context) => {
    const { token } = await context.params;
    after(async () => {
      try {
        await takeCallback(app.login, token);
      } catch (error) {
        app.log.error({ event: 'callback_failed', error }, 'a callback could not be followed up');
      }
    });
    return succeed(new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } }));
  },
);

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = onlyMethods({
  GET: take,
  HEAD: take,
  POST: take,
  PUT: take,
  PATCH: take,
  DELETE: take,
});
