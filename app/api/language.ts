import * as z from 'zod';
import { serializeCookie } from '#lib/cookies/cookies.ts';
import { formBody } from '#lib/http/body.ts';
import { LANGUAGE_COOKIE } from '#lib/http/language.ts';
import { ownPath } from '#lib/http/own-path.ts';
import { seeOther } from '#lib/http/responses.ts';
import { route } from '#lib/http/route.ts';
import { languages } from '#lib/shared/language.ts';
import { succeed } from '#lib/shared/result.ts';

const formSchema = z.strictObject({ language: z.enum(languages), back: z.optional(z.string()) });

const ONE_YEAR_SECONDS = 365 * 24 * 60 * 60;

export const language = route({
  path: '/api/language',
  methods: ['POST'],
  access: 'same-origin',
  summary: 'Remembers the language that a person chose, and shows the page they were on.',
  replies: { 303: null },
  body: formBody(formSchema),
  async handle({ services }, { body }) {
    const isSecure = services.config.app.origin.protocol === 'https:';
    const cookie = serializeCookie(LANGUAGE_COOKIE, body.language, ONE_YEAR_SECONDS, isSecure);
    return succeed(seeOther(ownPath(body.back, '/'), [cookie]));
  },
});
