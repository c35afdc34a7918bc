import 'server-only';
import * as z from 'zod';
import type { App } from '../services.ts';
import { isAboutNumber } from '../shared/error-codes.ts';
import { fail, succeed } from '../shared/result.ts';
import { describeProblem, type Problem } from './answer.ts';
import { apiRoute } from './api-route.ts';
import { readForm } from './body.ts';
import { onlyMethods } from './methods.ts';
import { ownPath } from './own-path.ts';
import { isSameOriginWrite } from './same-origin.ts';
import type { RequestContext } from './visit.ts';

/** Where the browser goes next: to the login with these parameters, or to where it wanted to go. */
export type FormOutcome = { to: 'login'; with?: Record<string, string> } | { to: 'next' };

/** What every form of the login page sends: where the person wanted to go. */
export const formSchema = z.strictObject({ next: z.string().optional() });

/**
 * The exports of a route that takes a form of the login page sent without scripts. It takes a form of
 * our own pages alone, and answers with the next page to show, which knows its step by the cookies.
 */
export function formRoute<Form extends z.infer<typeof formSchema>>(
  schema: z.ZodType<Form>,
  handle: (form: Form, request: Request, visit: RequestContext) => Promise<FormOutcome>,
) {
  const take = apiRoute(async (request, visit) => {
    if (!isSameOriginWrite(request, visit.app)) {
      return fail({ code: 'request_cross_origin' });
    }
    const form = await readForm(request, schema);
    if (!form.ok) {
      return form;
    }
    const next = ownPath(form.value.next, '/account');
    const outcome = await handle(form.value, request, visit);
    const location =
      outcome.to === 'next'
        ? next
        : `/login?${new URLSearchParams({ ...outcome.with, next }).toString()}`;
    return succeed(
      new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } }),
    );
  });
  return onlyMethods({ POST: take });
}

/** Keeps for the next page what was typed, and what is wrong with it. */
export async function keepTyped(
  { app, language }: RequestContext,
  phoneNumberInput: string,
  problem: Problem | null,
): Promise<void> {
  await app.cookies.form.write({
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

/** The token of the attempt that the browser of a request holds, if it holds one. */
export async function readAttemptToken({ cookies }: App): Promise<string | undefined> {
  return (await cookies.attempt.read())?.attemptToken;
}
