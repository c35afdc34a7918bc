import * as z from 'zod';
import { formRoute, formSchema, keepTyped, readAttemptToken } from '#lib/http/form.ts';
import { readStartAgain } from '#lib/http/start-again.ts';
import { startForRequest } from '#lib/http/start-for-request.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import type { StartRequest } from '#lib/shared/contract.ts';
import { PHONE_NUMBER_INPUT_MAX_LENGTH } from '#lib/shared/phone-number.ts';

const pressed = z.literal('1').optional();

const startFormSchema = formSchema.extend({
  phone_number: z.string().optional(),
  country: z.string().optional(),
  remember: pressed,
  /** Instead of a number: the one this browser remembers, or the one of its attempt. */
  remembered: pressed,
  again: pressed,
});

/** Starts an attempt from the form, as `POST /api/auth/start` does for scripts. */
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = formRoute(
  startFormSchema,
  async (form, request, visit) => {
    const { app } = visit;
    const wanted = form.again === undefined ? readRequest(form) : await readStartAgain(app);
    const attemptToken = await readAttemptToken(app);
    if (form.again !== undefined && attemptToken !== undefined) {
      await cancelAttempt(app.login, attemptToken);
    }
    const started = await startForRequest(app, request, wanted);
    if (!started.ok) {
      await keepTyped(visit, 'phone_number' in wanted ? wanted.phone_number : '', started.error);
    }
    return { to: 'login' };
  },
);

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
