import 'server-only';
import * as z from 'zod';
import type { CookieName } from '../cookies/cookies.ts';
import { succeed } from '../shared/result.ts';
import { formBody } from './body.ts';
import { ownPath } from './own-path.ts';
import { factsOf, type Problem } from './problems.ts';
import type { RequestContext } from './request-context.ts';
import { seeOther } from './responses.ts';
import { type Route, type RouteInput, route } from './route.ts';

/** Where the browser goes next: to the login page with these parameters, or to the page it wanted. */
type FormOutcome = { to: 'login'; with?: Record<string, string> } | { to: 'next' };

/** What every form of the login page sends: where the person wanted to go. */
export const formSchema = z.strictObject({ next: z.string().optional() });

/**
 * Declares a route for a form of the login page that was sent without scripts. It answers with the
 * next page to show, which finds its step by the cookies.
 */
export function formRoute<Form extends z.infer<typeof formSchema>>(declaration: {
  path: `/login/${string}`;
  summary: string;
  schema: z.ZodType<Form>;
  cookies: readonly CookieName[];
  isQueued?: true;
  handle(context: RequestContext, input: RouteInput<Form>): Promise<FormOutcome>;
}): Route {
  const { schema, handle, ...others } = declaration;
  return route({
    ...others,
    methods: ['POST'],
    access: 'same-origin',
    replies: { 303: null },
    body: formBody(schema),
    async handle(context, input) {
      const next = ownPath(input.body.next, '/account');
      const outcome = await handle(context, input);
      return succeed(
        seeOther(
          outcome.to === 'next'
            ? next
            : `/login?${new URLSearchParams({ ...outcome.with, next }).toString()}`,
        ),
      );
    },
  });
}

/** What was typed, and the country chosen for it, if any. */
export interface TypedNumber {
  phoneNumberInput: string;
  country?: string | undefined;
}

/** Keeps for the next page what was typed, and what is wrong with it. */
export function keepTyped(
  { cookies }: RequestContext,
  typed: TypedNumber,
  problem: Problem | null,
): void {
  cookies.form.write({ ...typed, problem: problem && factsOf(problem) });
}
