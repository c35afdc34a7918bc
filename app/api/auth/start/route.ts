import { answer } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { readJsonBody } from '#lib/http/body.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { isSameOriginWrite } from '#lib/http/same-origin.ts';
import { networkOf } from '#lib/limits/client-address.ts';
import { startAttempt } from '#lib/login/start.ts';
import { viewAttempt } from '#lib/login/view.ts';
import { isCountryCode, parsePhoneNumber } from '#lib/phone-number.ts';
import { fail, succeed } from '#lib/result.ts';
import { startRequestSchema } from '#lib/shared/contract.ts';

/** Starts an attempt, or returns this browser's live one for the same number. */
const start = apiRoute(async (request, { app }) => {
  if (!isSameOriginWrite(request, app)) {
    return fail({ code: 'request_cross_origin' });
  }
  const body = await readJsonBody(request, startRequestSchema);
  if (!body.ok) {
    return body;
  }
  const { config, cookies, login } = app;
  const country = body.value.country ?? config.app.defaultCountry;
  if (!isCountryCode(country)) {
    return fail({ code: 'request_invalid' });
  }
  const phoneNumber = parsePhoneNumber(body.value.phone_number, country);
  if (!phoneNumber.ok) {
    return phoneNumber;
  }

  const cookie = await cookies.attempt.read();
  const network = networkOf(request.headers, config.app.trustedProxy);
  const started = await startAttempt(login, phoneNumber.value, {
    browserToken: cookie?.browserToken,
    attemptToken: cookie?.attemptToken,
    network,
  });
  if (!started.ok) {
    return started;
  }
  const { attempt, attemptToken, browserToken } = started.value;
  await cookies.attempt.write({ browserToken, attemptToken });
  return succeed(answer(viewAttempt(login, attempt, config.app.defaultCountry)));
});

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = onlyMethods({ POST: start });
