import { answer } from '#lib/http/answer.ts';
import { apiRoute } from '#lib/http/api-route.ts';
import { onlyMethods } from '#lib/http/methods.ts';
import { resealOld } from '#lib/http/reseal.ts';
import { readSession } from '#lib/http/session.ts';
import type { SessionReply } from '#lib/shared/contract.ts';
import { fail, succeed } from '#lib/shared/result.ts';

/** Who is logged in here. */
const show = apiRoute(async (_request, { app }) => {
  const loggedIn = await readSession(app);
  if (loggedIn === null) {
    return fail({ code: 'not_logged_in' });
  }
  await resealOld(app);
  const { user, session } = loggedIn;
  const reply: SessionReply = {
    user: {
      id: user.id,
      phone_number: user.phone_number,
      created_at: new Date(user.created_at).toISOString(),
    },
    expires_at: new Date(session.expires_at).toISOString(),
  };
  return succeed(answer(reply));
});

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = onlyMethods({
  GET: show,
  HEAD: show,
});
