import { cancelAttempt } from '#lib/login/cancel.ts';
import { forgetAttemptHere } from '#lib/session/forget-attempt.ts';
import { formRoute, formSchema, heldAttemptToken, keepTyped } from '#lib/session/form.ts';
import { readHeldRequest } from '#lib/session/held-request.ts';

/** Back to the number, without scripts: ends the attempt and keeps what was typed. */
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = formRoute(
  formSchema,
  async (_form, _request, visit) => {
    const { app } = visit;
    const attemptToken = await heldAttemptToken(app);
    if (attemptToken !== undefined) {
      const held = await readHeldRequest(app);
      await keepTyped(visit, 'phone_number' in held ? held.phone_number : '', null);
      await cancelAttempt(app.login, attemptToken);
      await forgetAttemptHere(app);
    }
    return { to: 'login' };
  },
);
