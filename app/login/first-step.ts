import 'server-only';
import type { LoginStep } from '#components/login/login-flow.tsx';
import { getApp } from '#lib/app.ts';
import { describeProblem } from '#lib/http/answer.ts';
import { isCallable } from '#lib/login/start.ts';
import { viewAttempt } from '#lib/login/view.ts';
import { formatPhoneNumber } from '#lib/phone-number.ts';
import type { Language } from '#lib/shared/language.ts';
import { findAttemptByToken } from '#lib/store/attempts.ts';
import type { LoginAttempt } from '#lib/store/schema.ts';
import { hashToken } from '#lib/token.ts';

/**
 * The step this browser is at, from its cookie alone: after a reload, a killed tab or a way through
 * the dialler it is the same step with the same number. Changes nothing; polling does.
 */
export async function readFirstStep(language: Language): Promise<LoginStep> {
  const { config, cookies, clock, login } = getApp();
  const cookie = await cookies.attempt.read();
  const attempt =
    cookie?.attemptToken === undefined
      ? null
      : await findAttemptByToken(login.store, hashToken(cookie.attemptToken));
  if (attempt === null || !isCallable(attempt)) {
    return { name: 'number', phoneNumberInput: '', problem: null };
  }
  const state = stateAt(attempt, clock.now());
  switch (state) {
    // A poll will find a completed attempt's session, or that there is none to be had any more.
    case 'completed':
    case 'pending':
    case 'verified':
      return {
        name: 'call',
        attempt: viewAttempt(login, attempt, config.app.defaultCountry),
      };
    default:
      return {
        name: 'ended',
        status: state,
        message: describeProblem({ code: attempt.failure ?? `attempt_${state}` }, language),
        phoneNumberInput: formatPhoneNumber(attempt.phone_number, config.app.defaultCountry),
      };
  }
}

function stateAt(attempt: LoginAttempt, now: number) {
  const isLive = attempt.state === 'pending' || attempt.state === 'verified';
  return isLive && attempt.expires_at <= now ? 'expired' : attempt.state;
}
