import 'server-only';
import { getApp } from '../app.ts';
import type { Problem } from '../http/answer.ts';
import { networkOf } from '../limits/client-address.ts';
import { startAttempt } from '../login/start.ts';
import { viewAttempt } from '../login/view.ts';
import { isCountryCode, type PhoneNumberError, parsePhoneNumber } from '../phone-number.ts';
import { fail, type Result, succeed } from '../result.ts';
import type { AttemptView, NumberRequest, StartRequest } from '../shared/contract.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { createToken } from '../token.ts';
import type { AttemptCookie } from './cookies.ts';
import { describeDevice } from './device.ts';

/**
 * Starts an attempt for the browser that a request comes from, or returns its live one for the same
 * number, and hands the browser its cookie.
 */
export async function startHere(
  request: Request,
  wanted: StartRequest,
): Promise<Result<AttemptView, Problem>> {
  const { config, cookies, login } = getApp();
  const phoneNumber = await readWantedNumber(wanted);
  if (!phoneNumber.ok) {
    return phoneNumber;
  }
  const cookie = await cookies.attempt.read();
  const browserToken = cookie?.browserToken ?? createToken();
  const started = await startAttempt(login, phoneNumber.value, {
    browserToken,
    attemptToken: cookie?.attemptToken,
    network: networkOf(request.headers, config.app.trustedProxy),
    device: describeDevice(request.headers.get('user-agent')),
  });
  if (!started.ok) {
    return started;
  }
  const { attemptToken } = started.value;
  const number = memoryOf(wanted);
  await cookies.attempt.write({
    browserToken,
    attemptToken,
    ...(number === undefined ? {} : { number }),
  });
  return succeed(
    viewAttempt(login, started.value, {
      country: config.app.defaultCountry,
      memory: number ?? 'none',
    }),
  );
}

/** The number to log in with: the one that was typed, or the one this browser remembers. */
async function readWantedNumber(
  wanted: StartRequest,
): Promise<Result<PhoneNumber, PhoneNumberError | { code: 'request_invalid' }>> {
  if (!('remembered' in wanted)) {
    return readTypedNumber(wanted);
  }
  const remembered = await getApp().cookies.number.read();
  return readTypedNumber({ phone_number: remembered?.phoneNumber ?? '' });
}

/** The number that was typed, if one may log in here with it. */
export function readTypedNumber(
  typed: NumberRequest,
): Result<PhoneNumber, PhoneNumberError | { code: 'request_invalid' }> {
  const { defaultCountry, numberTypes } = getApp().config.app;
  const country = typed.country ?? defaultCountry;
  return isCountryCode(country)
    ? parsePhoneNumber(typed.phone_number, country, numberTypes)
    : fail({ code: 'request_invalid' });
}

function memoryOf(wanted: StartRequest): AttemptCookie['number'] {
  if ('remembered' in wanted) {
    return 'remembered';
  }
  return wanted.remember === true ? 'to_remember' : undefined;
}
