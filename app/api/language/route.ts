import { cookies } from 'next/headers';
import { getApp } from '#lib/app.ts';
import { answerProblem } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { readBody } from '#lib/http/body.ts';
import { ownPath } from '#lib/http/own-path.ts';
import { isSameOriginWrite } from '#lib/http/same-origin.ts';
import { LANGUAGE_COOKIE } from '#lib/language.ts';
import { isLanguage } from '#lib/shared/language.ts';

const ONE_YEAR_SECONDS = 365 * 24 * 60 * 60;

/** Remembers the language a person chose, and shows them the page they were on. A plain form. */
export const POST = apiRoute(async (request, language) => {
  if (!isSameOriginWrite(request)) {
    return answerProblem({ code: 'request_cross_origin' }, language);
  }
  const body = await readBody(request);
  if (body === null) {
    return answerProblem({ code: 'request_too_large' }, language);
  }
  const form = new URLSearchParams(body);
  const chosen = form.get('language');
  if (!isLanguage(chosen)) {
    return answerProblem({ code: 'request_invalid' }, language);
  }
  (await cookies()).set(LANGUAGE_COOKIE, chosen, {
    httpOnly: true,
    secure: getApp().config.app.origin.protocol === 'https:',
    sameSite: 'lax',
    path: '/',
    maxAge: ONE_YEAR_SECONDS,
  });
  const back = ownPath(form.get('back') ?? undefined, '/');
  return new Response(null, {
    status: 303,
    headers: { location: back, 'cache-control': 'no-store' },
  });
});
