import { jsonBody } from '#lib/http/body.ts';
import { json } from '#lib/http/responses.ts';
import { route } from '#lib/http/route.ts';
import { readTypedNumber } from '#lib/http/start-for-request.ts';
import { formatPhoneNumber, isCountryCode } from '#lib/phone/phone-number.ts';
import { type NumberReply, numberReplySchema, numberRequestSchema } from '#lib/shared/contract.ts';
import { succeed } from '#lib/shared/result.ts';

/**
 * Formats a number as its country writes it, for the page to show: the rules of all countries are too
 * much for a browser to load. Starts nothing and keeps nothing.
 */
export const number = route({
  path: '/api/auth/number',
  methods: ['POST'],
  access: 'same-origin',
  summary: 'Formats a phone number as its country writes it. Starts nothing.',
  replies: { 200: numberReplySchema },
  body: jsonBody(numberRequestSchema),
  async handle(context, { body }) {
    const phoneNumber = readTypedNumber(context, body);
    // In the notation in which it is read again when the form is sent.
    const { country = context.services.config.app.defaultCountry } = body;
    // An incomplete number is no error: the person may not be done.
    const isWhole = phoneNumber.ok && isCountryCode(country);
    const reply: NumberReply = {
      phone_number_text: isWhole ? formatPhoneNumber(phoneNumber.value, country) : '',
    };
    return succeed(json(reply));
  },
});
