import 'server-only';
import type { LoginStep } from '#components/login/login-flow.tsx';
import { describeProblem } from '#lib/http/answer.ts';
import type { Visit } from '#lib/http/visit.ts';
import { lookAtAttempt } from '#lib/login/look.ts';
import { viewAttempt } from '#lib/login/view.ts';
import { formatPhoneNumber } from '#lib/phone-number.ts';

/**
 * The step this browser is at, from its cookie alone: after a reload, a killed tab or a way through
 * the dialler it is the same step with the same number.
 */
export async function readFirstStep({ app, language }: Visit): Promise<LoginStep> {
  const { config, cookies, login } = app;
  const attemptToken = (await cookies.attempt.read())?.attemptToken;
  const look = attemptToken === undefined ? null : await lookAtAttempt(login, attemptToken);
  if (look === null) {
    return { name: 'number', phoneNumberInput: '', problem: null };
  }
  const country = config.app.defaultCountry;
  return look.status === 'open'
    ? { name: 'call', attempt: viewAttempt(login, look.attempt, country) }
    : {
        name: 'ended',
        status: look.status,
        message: describeProblem({ code: look.code }, language),
        phoneNumberInput: formatPhoneNumber(look.attempt.phone_number, country),
      };
}
