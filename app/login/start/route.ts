import { cancelAttempt } from '#lib/login/cancel.ts';
import { formRoute, heldAttemptToken, keepTyped } from '#lib/session/form.ts';
import { readHeldRequest } from '#lib/session/held-request.ts';
import { startHere } from '#lib/session/start-here.ts';
import type { StartRequest } from '#lib/shared/contract.ts';
import { PHONE_NUMBER_INPUT_MAX_LENGTH } from '#lib/shared/phone-number.ts';

/** Starts an attempt from the form, as `POST /api/auth/start` does for scripts. */
export const POST = formRoute(async (form, request, visit) => {
  const { app } = visit;
  const wanted = form.has('again') ? await readHeldRequest(app) : readRequest(form);
  const attemptToken = await heldAttemptToken(app);
  if (form.has('again') && attemptToken !== undefined) {
    await cancelAttempt(app.login, attemptToken);
  }
  const started = await startHere(app, request, wanted);
  if (!started.ok) {
    await keepTyped(visit, 'phone_number' in wanted ? wanted.phone_number : '', started.error);
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
