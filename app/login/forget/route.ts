import { getApp } from '#lib/app.ts';
import { formRoute } from '#lib/session/form.ts';

/** Stops remembering the number in this browser. */
export const POST = formRoute(async () => {
  await getApp().cookies.number.clear();
  return { to: 'login' };
});
