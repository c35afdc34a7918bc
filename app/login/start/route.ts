import { getApp } from '#lib/app.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import { formRoute, keepTyped } from '#lib/session/form.ts';
import { readHeldRequest } from '#lib/session/held-request.ts';
import { startHere } from '#lib/session/start-here.ts';
import type { StartRequest } from '#lib/shared/contract.ts';
import { PHONE_NUMBER_INPUT_MAX_LENGTH } from '#lib/shared/phone-number.ts';

/** Starts an attempt from the form, as `POST /api/auth/start` does for scripts. */
export const POST = formRoute(async (form, request, language) => {
  const wanted = form.has('again') ? await readHeldRequest() : readRequest(form);
  if (form.has('again')) {
    const { cookies, login } = getApp();
    const attemptToken = (await cookies.attempt.read())?.attemptToken;
    if (attemptToken !== undefined) {
      await cancelAttempt(login, attemptToken);
    }
  }
  const started = await startHere(request, wanted);
  if (!started.ok) {
    const typed = 'phone_number' in wanted ? wanted.phone_number : '';
    await keepTyped(typed, started.error, language);
  }
  return { to: 'login' };
});

function readRequest(form: URLSearchParams): StartRequest {
  if (form.has('remembered')) {
    return { remembered: true };
  }
  const country = form.get('country') ?? '';
  return {
    phone_number: (form.get('phone_number') ?? '').slice(0, PHONE_NUMBER_INPUT_MAX_LENGTH + 1),
    remember: form.has('remember'),
    ...(country === '' ? {} : { country }),
  };
}
