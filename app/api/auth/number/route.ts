import { answer } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { readJsonBody } from '#lib/http/body.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { isSameOriginWrite } from '#lib/http/same-origin.ts';
import { readTypedNumber } from '#lib/http/start-for-request.ts';
import { formatPhoneNumber } from '#lib/phone/phone-number.ts';
import { type NumberReply, numberRequestSchema } from '#lib/shared/contract.ts';
import { fail, succeed } from '#lib/shared/result.ts';

/**
 * Writes a number as its country does, so that the page can show it so once it was typed: the rules
 * of every country are too much for a browser to load. Starts nothing and keeps nothing.
 */
const write = apiRoute(async (request, { app }) => {
  if (!isSameOriginWrite(request, app)) {
    return fail({ code: 'request_cross_origin' });
  }
  const body = await readJsonBody(request, numberRequestSchema);
  if (!body.ok) {
    return body;
  }
  const phoneNumber = readTypedNumber(app, body.value);
  const country = app.config.app.defaultCountry;
  // Half a number is nothing to complain about: the person may not be done.
  const reply: NumberReply = {
    phone_number_text: phoneNumber.ok ? formatPhoneNumber(phoneNumber.value, country) : '',
  };
  return succeed(answer(reply));
});

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = onlyMethods({ POST: write });
