import { cookies } from 'next/headers';
import { apiRoute } from '#lib/http/api-route.ts';
import { readBody } from '#lib/http/body.ts';
import { ownPath } from '#lib/http/own-path.ts';
import { isSameOriginWrite } from '#lib/http/same-origin.ts';
import { LANGUAGE_COOKIE } from '#lib/language.ts';
import { fail, succeed } from '#lib/result.ts';
import { isLanguage } from '#lib/shared/language.ts';

const ONE_YEAR_SECONDS = 365 * 24 * 60 * 60;

/** Remembers the language a person chose, and shows them the page they were on. A plain form. */
export const POST = apiRoute(async (request, { app }) => {
  if (!isSameOriginWrite(request, app)) {
    return fail({ code: 'request_cross_origin' });
  }
  const body = await readBody(request);
  if (body === null) {
    return fail({ code: 'request_too_large' });
  }
  const form = new URLSearchParams(body);
  const chosen = form.get('language');
  if (!isLanguage(chosen)) {
    return fail({ code: 'request_invalid' });
  }
  (await cookies()).set(LANGUAGE_COOKIE, chosen, {
    httpOnly: true,
    secure: app.config.app.origin.protocol === 'https:',
    sameSite: 'lax',
    path: '/',
    maxAge: ONE_YEAR_SECONDS,
  });
  const back = ownPath(form.get('back') ?? undefined, '/');
  return succeed(
    new Response(null, { status: 303, headers: { location: back, 'cache-control': 'no-store' } }),
  );
});
