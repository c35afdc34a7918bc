import { cookies } from 'next/headers';
import * as z from 'zod';
import { apiRoute } from '#lib/http/api-route.ts';
import { readForm } from '#lib/http/body.ts';
import { LANGUAGE_COOKIE } from '#lib/http/language.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { ownPath } from '#lib/http/own-path.ts';
import { isSameOriginWrite } from '#lib/http/same-origin.ts';
import { languages } from '#lib/shared/language.ts';
import { fail, succeed } from '#lib/shared/result.ts';

const formSchema = z.strictObject({ language: z.enum(languages), back: z.optional(z.string()) });

const ONE_YEAR_SECONDS = 365 * 24 * 60 * 60;

/** Remembers the language a person chose, and shows them the page they were on. A plain form. */
const choose = apiRoute(async (request, { app }) => {
  if (!isSameOriginWrite(request, app)) {
    return fail({ code: 'request_cross_origin' });
  }
  const form = await readForm(request, formSchema);
  if (!form.ok) {
    return form;
  }
  (await cookies()).set(LANGUAGE_COOKIE, form.value.language, {
    httpOnly: true,
    secure: app.config.app.origin.protocol === 'https:',
    sameSite: 'lax',
    path: '/',
    maxAge: ONE_YEAR_SECONDS,
  });
  const back = ownPath(form.value.back, '/');
  return succeed(
    new Response(null, { status: 303, headers: { location: back, 'cache-control': 'no-store' } }),
  );
});

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = onlyMethods({ POST: choose });
