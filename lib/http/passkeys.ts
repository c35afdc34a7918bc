import 'server-only';
import type { Challenge } from '../passkeys/challenge.ts';
import type { PasskeyDependencies } from '../passkeys/dependencies.ts';
import type { ErrorCode } from '../shared/error-codes.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { Problem } from './problems.ts';
import type { RequestContext } from './request-context.ts';
import type { Outcome } from './route.ts';

/** A handler of a route that is not there where passkeys are switched off. */
export function withPasskeys<Context extends RequestContext, Input, Code extends ErrorCode>(
  handle: (context: Context & { passkeys: PasskeyDependencies }, input: Input) => Outcome<Code>,
): (context: Context, input: Input) => Outcome<Code | 'request_not_found'> {
  return async (context, input) =>
    context.passkeys === null
      ? fail({ code: 'request_not_found' })
      : await handle({ ...context, passkeys: context.passkeys }, input);
}

/**
 * Takes the challenge out of the browser's cookie, which makes it valid for one answer alone, and writes the
 * session token that the answer yields.
 */
export async function answerChallenge<Code extends ErrorCode>(
  { cookies }: RequestContext,
  check: (challenge: Challenge | null) => Promise<Result<string, Problem<Code>>>,
): Outcome<Code> {
  const challenge = await cookies.challenge.read();
  cookies.challenge.clear();
  const sessionToken = await check(challenge);
  if (!sessionToken.ok) {
    return sessionToken;
  }
  cookies.session.write({ sessionToken: sessionToken.value });
  return succeed(null);
}
