import { getApp } from '#lib/app.ts';
import { answer, answerProblem } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { readJsonBody } from '#lib/http/body.ts';
import { isSameOriginWrite } from '#lib/http/same-origin.ts';
import { formatPhoneNumber } from '#lib/phone-number.ts';
import { readTypedNumber } from '#lib/session/start-here.ts';
import { type NumberReply, numberRequestSchema } from '#lib/shared/contract.ts';

/**
 * Writes a number as its country does, so that the page can show it so once it was typed: the rules
 * of every country are too much for a browser to load. Starts nothing and keeps nothing.
 */
export const POST = apiRoute(async (request, language) => {
  if (!isSameOriginWrite(request)) {
    return answerProblem({ code: 'request_cross_origin' }, language);
  }
  const body = await readJsonBody(request, numberRequestSchema);
  if (!body.ok) {
    return answerProblem(body.error, language);
  }
  const phoneNumber = readTypedNumber(body.value);
  const country = getApp().config.app.defaultCountry;
  // Half a number is nothing to complain about: the person may not be done.
  const reply: NumberReply = {
    phone_number_text: phoneNumber.ok ? formatPhoneNumber(phoneNumber.value, country) : '',
  };
  return answer(reply);
});
