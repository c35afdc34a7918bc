import 'server-only';
import { startAttempt } from '../login/start.ts';
import type { LoginFailure } from '../login/vendor-failure.ts';
import { viewAttempt } from '../login/view.ts';
import { isCountryCode, type PhoneNumberError, parsePhoneNumber } from '../phone/phone-number.ts';
import type { AttemptView, NumberRequest, StartRequest } from '../shared/contract.ts';
import type { PhoneNumberCode } from '../shared/error-codes.ts';
import type { NumberMemory } from '../shared/number-memory.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { Problem } from './problems.ts';
import { reportProxyMistake } from './report.ts';
import type { RequestContext } from './request-context.ts';

/** Why nothing was started. */
type StartRefusal = PhoneNumberCode | LoginFailure['code'] | 'request_invalid';

/**
 * Starts an attempt for the browser of a request, or returns its live one for the same number, and
 * writes its cookie.
 */
export async function startForRequest(
  context: RequestContext,
  wanted: StartRequest,
): Promise<Result<AttemptView, Problem<StartRefusal>>> {
  const { cookies, client, login, services } = context;
  reportProxyMistake(context);
  const typed =
    'remembered' in wanted
      ? { phone_number: (await cookies.number.read())?.phoneNumber ?? '' }
      : wanted;
  const phoneNumber = readTypedNumber(context, typed);
  if (!phoneNumber.ok) {
    return phoneNumber;
  }
  const cookie = await cookies.attempt.read();
  const started = await startAttempt(login, phoneNumber.value, {
    browserToken: cookie?.browserToken,
    attemptToken: cookie?.attemptToken,
    network: client.network,
    device: client.info.device,
  });
  if (!started.ok) {
    return started;
  }
  const { attemptToken, browserToken } = started.value;
  const number = memoryOf(wanted);
  cookies.attempt.write({ browserToken, attemptToken, number });
  return succeed(
    viewAttempt(login, started.value, {
      country: services.config.app.defaultCountry,
      memory: number,
    }),
  );
}

/** The number that was typed, if one may log in here with it. */
export function readTypedNumber(
  { services }: RequestContext,
  typed: NumberRequest,
): Result<PhoneNumber, PhoneNumberError | { code: 'request_invalid' }> {
  const { defaultCountry, numberTypes } = services.config.app;
  const country = typed.country ?? defaultCountry;
  return isCountryCode(country)
    ? parsePhoneNumber(typed.phone_number, country, numberTypes)
    : fail({ code: 'request_invalid' });
}

function memoryOf(wanted: StartRequest): NumberMemory {
  if ('remembered' in wanted) {
    return 'remembered';
  }
  return wanted.remember === true ? 'to_remember' : 'none';
}
