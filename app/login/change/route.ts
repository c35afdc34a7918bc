import { getApp } from '#lib/app.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import { forgetAttemptHere } from '#lib/session/forget-attempt.ts';
import { formRoute, keepTyped } from '#lib/session/form.ts';
import { readHeldRequest } from '#lib/session/held-request.ts';

/** Back to the number, without scripts: ends the attempt and keeps what was typed. */
export const POST = formRoute(async (_form, _request, language) => {
  const { cookies, login } = getApp();
  const attemptToken = (await cookies.attempt.read())?.attemptToken;
  if (attemptToken !== undefined) {
    const held = await readHeldRequest();
    await keepTyped('phone_number' in held ? held.phone_number : '', null, language);
    await cancelAttempt(login, attemptToken);
    await forgetAttemptHere();
  }
  return { to: 'login' };
});
