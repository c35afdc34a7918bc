import 'server-only';
import { networkOf } from '../limits/client-address.ts';
import { startAttempt } from '../login/start.ts';
import { viewAttempt } from '../login/view.ts';
import { isCountryCode, type PhoneNumberError, parsePhoneNumber } from '../phone/phone-number.ts';
import type { App } from '../services.ts';
import type { AttemptView, NumberRequest, StartRequest } from '../shared/contract.ts';
import type { NumberMemory } from '../shared/number-memory.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { Problem } from './answer.ts';
import { describeDevice } from './device.ts';

/**
 * Starts an attempt for the browser that a request comes from, or returns its live one for the same
 * number, and hands the browser its cookie.
 */
export async function startForRequest(
  app: App,
  request: Request,
  wanted: StartRequest,
): Promise<Result<AttemptView, Problem>> {
  const { config, cookies, login } = app;
  const phoneNumber = await readWantedNumber(app, wanted);
  if (!phoneNumber.ok) {
    return phoneNumber;
  }
  const cookie = await cookies.attempt.read();
  const started = await startAttempt(login, phoneNumber.value, {
    browserToken: cookie?.browserToken,
    attemptToken: cookie?.attemptToken,
    network: networkOf(request.headers, config.app.trustedProxy),
    device: describeDevice(request.headers.get('user-agent')),
  });
  if (!started.ok) {
    return started;
  }
  const { attemptToken, browserToken } = started.value;
  const number = memoryOf(wanted);
  await cookies.attempt.write({ browserToken, attemptToken, number });
  return succeed(
    viewAttempt(login, started.value, {
      country: config.app.defaultCountry,
      memory: number,
    }),
  );
}

/** The number to log in with: the one that was typed, or the one this browser remembers. */
async function readWantedNumber(
  app: App,
  wanted: StartRequest,
): Promise<Result<PhoneNumber, PhoneNumberError | { code: 'request_invalid' }>> {
  if (!('remembered' in wanted)) {
    return readTypedNumber(app, wanted);
  }
  const remembered = await app.cookies.number.read();
  return readTypedNumber(app, { phone_number: remembered?.phoneNumber ?? '' });
}

/** The number that was typed, if one may log in here with it. */
export function readTypedNumber(
  { config }: App,
  typed: NumberRequest,
): Result<PhoneNumber, PhoneNumberError | { code: 'request_invalid' }> {
  const { defaultCountry, numberTypes } = config.app;
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
