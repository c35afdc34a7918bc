import 'server-only';
import type { LoginStep } from '#components/login/login-flow.tsx';
import { describeProblem } from '#lib/http/answer.ts';
import { readStartAgain } from '#lib/http/start-again.ts';
import type { RequestContext } from '#lib/http/visit.ts';
import { readAttemptStatus } from '#lib/login/attempt-status.ts';
import { viewAttempt } from '#lib/login/view.ts';

/**
 * The step this browser is at, from its cookies alone: after a reload, a killed tab or a way through
 * the dialler it is the same step with the same number.
 */
export async function readFirstStep({ app, language }: RequestContext): Promise<LoginStep> {
  const { config, cookies, login } = app;
  const { attemptToken, number = 'none' } = (await cookies.attempt.read()) ?? {};
  const look = attemptToken === undefined ? null : await readAttemptStatus(login, attemptToken);
  if (look === null || attemptToken === undefined) {
    const { phoneNumberInput = '', problem = null } = (await cookies.form.read()) ?? {};
    return { name: 'number', phoneNumberInput, problem };
  }
  return look.status === 'open'
    ? {
        name: 'call',
        attempt: viewAttempt(
          login,
          { attempt: look.attempt, attemptToken },
          { country: config.app.defaultCountry, memory: number },
        ),
      }
    : {
        name: 'ended',
        status: look.status,
        message: describeProblem({ code: look.code }, language),
        again: await readStartAgain(app),
      };
}
