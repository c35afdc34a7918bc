import 'server-only';
import type { PasskeyDependencies } from '../passkeys/dependencies.ts';
import { fail, type Result } from '../shared/result.ts';
import type { Problem } from './problems.ts';
import type { RequestContext } from './request-context.ts';

type Outcome = Promise<Result<Response, Problem>>;

/** A handler of a route that is not there where passkeys are switched off. */
export function withPasskeys<Context extends RequestContext, Call>(
  handle: (context: Context & { passkeys: PasskeyDependencies }, call: Call) => Outcome,
): (context: Context, call: Call) => Outcome {
  return async (context, call) =>
    context.passkeys === null
      ? fail({ code: 'request_not_found' })
      : await handle({ ...context, passkeys: context.passkeys }, call);
}
