import 'server-only';
import { readAttemptStatus } from '../login/attempt-status.ts';
import { hasLiveAttempt } from '../login/browsers.ts';
import { formatPhoneNumber } from '../phone/phone-number.ts';
import type { StartRequest } from '../shared/contract.ts';
import type { RequestContext } from './request-context.ts';

/** The token of the attempt that the browser of a request holds, if it holds one. */
export async function readAttemptToken({ cookies }: RequestContext): Promise<string | undefined> {
  return (await cookies.attempt.read())?.attemptToken;
}

/**
 * Removes an attempt that is over from the browser's cookie. The browser token stays, so that the
 * browser's next attempt does not compete with this one. Where another tab has started an attempt
 * meanwhile, the cookie is that one's already and stays.
 */
export async function forgetAttempt({ cookies, login }: RequestContext): Promise<void> {
  const cookie = await cookies.attempt.read();
  if (cookie?.attemptToken !== undefined && !(await hasLiveAttempt(login, cookie.browserToken))) {
    cookies.attempt.write({ browserToken: cookie.browserToken });
  }
}

/** The request that starts the browser's attempt again, live or over, with nothing typed again. */
export async function readStartAgain(context: RequestContext): Promise<StartRequest> {
  const cookie = await context.cookies.attempt.read();
  if (cookie?.attemptToken === undefined) {
    return { phone_number: '' };
  }
  if (cookie.number === 'remembered') {
    return { remembered: true };
  }
  const status = await readAttemptStatus(context.login, cookie.attemptToken);
  const country = context.services.config.app.defaultCountry;
  return {
    phone_number: status === null ? '' : formatPhoneNumber(status.attempt.phone_number, country),
    remember: cookie.number === 'to_remember',
  };
}
