import 'server-only';
import type { LoginStep } from '#components/login/login-flow.tsx';
import { describeProblem } from '#lib/http/answer.ts';
import type { Visit } from '#lib/http/visit.ts';
import { lookAtAttempt } from '#lib/login/look.ts';
import { viewAttempt } from '#lib/login/view.ts';
import { readStartAgain } from '#lib/session/start-again.ts';

/**
 * The step this browser is at, from its cookies alone: after a reload, a killed tab or a way through
 * the dialler it is the same step with the same number.
 */
export async function readFirstStep({ app, language }: Visit): Promise<LoginStep> {
  const { config, cookies, login } = app;
  const { attemptToken, number = 'none' } = (await cookies.attempt.read()) ?? {};
  const look = attemptToken === undefined ? null : await lookAtAttempt(login, attemptToken);
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
