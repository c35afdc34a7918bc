import { forgetAttemptOfRequest } from '#lib/http/forget-attempt.ts';
import { formRoute, formSchema, keepTyped, readAttemptToken } from '#lib/http/form.ts';
import { readStartAgain } from '#lib/http/start-again.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';

/** Back to the number, without scripts: ends the attempt and keeps what was typed. */
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = formRoute(
  formSchema,
  async (_form, _request, visit) => {
    const { app } = visit;
    const attemptToken = await readAttemptToken(app);
    if (attemptToken !== undefined) {
      const again = await readStartAgain(app);
      await keepTyped(visit, 'phone_number' in again ? again.phone_number : '', null);
      await cancelAttempt(app.login, attemptToken);
      await forgetAttemptOfRequest(app);
    }
    return { to: 'login' };
  },
);
