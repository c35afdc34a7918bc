import 'server-only';
import type { LoginStep } from '#components/login/login-flow.tsx';
import { factsOf } from '#lib/http/problems.ts';
import type { RequestContext } from '#lib/http/request-context.ts';
import { readAttemptStatus } from '#lib/login/attempt-status.ts';
import { viewAttempt } from '#lib/login/view.ts';

/**
 * The step this browser is at, from its cookies alone: after a reload, a killed tab or a visit to
 * the dialler it is the same step with the same number.
 */
export async function readFirstStep(context: RequestContext): Promise<LoginStep> {
  const { cookies, login, services } = context;
  const { attemptToken, number = 'none' } = (await cookies.attempt.read()) ?? {};
  const status = attemptToken === undefined ? null : await readAttemptStatus(login, attemptToken);
  if (status === null || attemptToken === undefined) {
    const typed = (await cookies.form.read()) ?? { phoneNumberInput: '', problem: null };
    return { name: 'number', ...typed };
  }
  const attempt = viewAttempt(
    login,
    { attempt: status.attempt, attemptToken },
    { country: services.config.app.defaultCountry, memory: number },
  );
  return status.status === 'open'
    ? { name: 'call', attempt }
    : { name: 'ended', attempt, status: status.status, problem: factsOf(status) };
}
