import 'server-only';
import type { PasskeyDependencies } from '../passkeys/dependencies.ts';
import type { ErrorCode } from '../shared/error-codes.ts';
import { fail, type Result } from '../shared/result.ts';
import type { Problem } from './problems.ts';
import type { RequestContext } from './request-context.ts';

type Outcome<Code extends ErrorCode> = Promise<Result<Response, Problem<Code>>>;

/** A handler of a route that is not there where passkeys are switched off. */
export function withPasskeys<Context extends RequestContext, Call, Code extends ErrorCode>(
  handle: (context: Context & { passkeys: PasskeyDependencies }, call: Call) => Outcome<Code>,
): (context: Context, call: Call) => Outcome<Code | 'request_not_found'> {
  return async (context, call) =>
    context.passkeys === null
      ? fail({ code: 'request_not_found' })
      : await handle({ ...context, passkeys: context.passkeys }, call);
}
