import { formRoute } from '#lib/session/form.ts';

/** Stops remembering the number in this browser. */
export const POST = formRoute(async (_form, _request, { app }) => {
  app.cookies.number.clear();
  return { to: 'login' };
});
