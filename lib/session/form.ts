import 'server-only';
import { getApp } from '../app.ts';
import { answerProblem, describeProblem, type Problem } from '../http/answer.ts';
import { apiRoute } from '../http/api-route.ts';
import { readBody } from '../http/body.ts';
import { ownPath } from '../http/own-path.ts';
import { isSameOriginWrite } from '../http/same-origin.ts';
import { isAboutNumber } from '../shared/error-codes.ts';
import type { Language } from '../shared/language.ts';

/** Where the browser goes next: to the login with these parameters, or to where it wanted to go. */
export type FormOutcome = { to: 'login'; with?: Record<string, string> } | { to: 'next' };

/**
 * Wraps the handler of a form of the login page that was sent without scripts. It takes a form of
 * our own pages alone, and answers with the next page to show, which knows its step by the cookies.
 */
export function formRoute(
  handle: (form: URLSearchParams, request: Request, language: Language) => Promise<FormOutcome>,
) {
  return apiRoute(async (request, language) => {
    if (!isSameOriginWrite(request)) {
      return answerProblem({ code: 'request_cross_origin' }, language);
    }
    const body = await readBody(request);
    if (body === null) {
      return answerProblem({ code: 'request_too_large' }, language);
    }
    const form = new URLSearchParams(body);
    const next = ownPath(form.get('next') ?? undefined, '/account');
    const outcome = await handle(form, request, language);
    const location =
      outcome.to === 'next'
        ? next
        : `/login?${new URLSearchParams({ ...outcome.with, next }).toString()}`;
    return new Response(null, {
      status: 303,
      headers: { location, 'cache-control': 'no-store' },
    });
  });
}

/** Keeps for the next page what was typed, and what is wrong with it. */
export async function keepTyped(
  phoneNumberInput: string,
  problem: Problem | null,
  language: Language,
): Promise<void> {
  await getApp().cookies.form.write({
    phoneNumberInput,
    problem:
      problem === null
        ? null
        : {
            isAboutNumber: isAboutNumber(problem.code),
            error: describeProblem(problem, language),
          },
  });
}
