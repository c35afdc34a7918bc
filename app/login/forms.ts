import * as z from 'zod';
import { forgetAttempt, readAttemptToken, readStartAgain } from '#lib/http/attempt-cookie.ts';
import { formRoute, formSchema, keepTyped, type TypedNumber } from '#lib/http/form.ts';
import { pollForRequest } from '#lib/http/poll-for-request.ts';
import { startForRequest } from '#lib/http/start-for-request.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import { untilAnswered } from '#lib/login/held-poll.ts';
import type { StartRequest } from '#lib/shared/contract.ts';
import { PHONE_NUMBER_INPUT_MAX_LENGTH } from '#lib/shared/phone-number.ts';

/** The login without scripts: the forms of the login page, each answered with the next page. */

const pressed = z.literal('1').optional();

const startFormSchema = formSchema.extend({
  phone_number: z.string().optional(),
  country: z.string().optional(),
  remember: pressed,
  /** Instead of a number: the one this browser remembers, or the one of its attempt. */
  remembered: pressed,
  again: pressed,
});

/** Starts an attempt, as `POST /api/auth/start` does for scripts. */
export const formStart = formRoute({
  path: '/login/start',
  summary: 'Starts an attempt.',
  cookies: ['attempt', 'number'],
  schema: startFormSchema,
  isQueued: true,
  async handle(context, { body: form }) {
    const wanted = form.again === undefined ? readRequest(form) : await readStartAgain(context);
    const attemptToken = await readAttemptToken(context);
    if (form.again !== undefined && attemptToken !== undefined) {
      await cancelAttempt(context.login, attemptToken);
    }
    const started = await startForRequest(context, wanted);
    if (!started.ok) {
      keepTyped(context, typedIn(wanted), started.error);
    }
    return { to: 'login' };
  },
});

function readRequest(form: z.infer<typeof startFormSchema>): StartRequest {
  if (form.remembered !== undefined) {
    return { remembered: true };
  }
  const { country = '', phone_number = '' } = form;
  return {
    phone_number: phone_number.slice(0, PHONE_NUMBER_INPUT_MAX_LENGTH + 1),
    remember: form.remember !== undefined,
    ...(country === '' ? {} : { country }),
  };
}

function typedIn(wanted: StartRequest): TypedNumber {
  return 'phone_number' in wanted
    ? { phoneNumberInput: wanted.phone_number, country: wanted.country }
    : { phoneNumberInput: '' };
}

/** Short: a person who pressed the button sees nothing until the answer arrives. */
const MAX_CHECK_HOLD_MS = 5_000;

/**
 * "I have called": logs in if the call was seen. Only a form of ours may ask for it; a mere link that
 * logs in could be put into any page.
 */
export const formCheck = formRoute({
  path: '/login/check',
  summary: 'Logs in if the call was seen.',
  cookies: ['attempt', 'session'],
  schema: formSchema,
  async handle(context) {
    const { statusWaitSeconds } = context.services.config.attempt;
    const holdMs = Math.min(MAX_CHECK_HOLD_MS, statusWaitSeconds * 1_000);
    const poll = { holdMs, isPrompted: true };
    const outcome = await untilAnswered((held) => pollForRequest(context, poll, held));
    switch (outcome.status) {
      case 'completed':
        return { to: 'next' };
      case 'pending':
      case 'trouble':
        return { to: 'login', with: { called: '1' } };
      default:
        return { to: 'login' };
    }
  },
});

export const formChange = formRoute({
  path: '/login/change',
  summary: 'Ends the attempt and goes back to the number.',
  cookies: ['attempt'],
  schema: formSchema,
  async handle(context) {
    const attemptToken = await readAttemptToken(context);
    if (attemptToken !== undefined) {
      keepTyped(context, typedIn(await readStartAgain(context)), null);
      await cancelAttempt(context.login, attemptToken);
      await forgetAttempt(context);
    }
    return { to: 'login' };
  },
});

export const formForget = formRoute({
  path: '/login/forget',
  summary: 'Stops remembering the number in this browser.',
  cookies: ['number'],
  schema: formSchema,
  async handle({ cookies }) {
    cookies.number.clear();
    return { to: 'login' };
  },
});
