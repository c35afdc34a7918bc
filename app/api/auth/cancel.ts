import { forgetAttempt, readAttemptToken } from '#lib/http/attempt-cookie.ts';
import { noBody } from '#lib/http/body.ts';
import { route } from '#lib/http/route.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import { succeed } from '#lib/shared/result.ts';

export const cancel = route({
  path: '/api/auth/cancel',
  methods: ['POST'],
  access: 'same-origin',
  summary: 'Ends the attempt of this browser, if it has one.',
  cookies: ['attempt'],
  body: noBody,
  async handle(context) {
    const attemptToken = await readAttemptToken(context);
    if (attemptToken !== undefined) {
      await cancelAttempt(context.login, attemptToken);
      await forgetAttempt(context);
    }
    return succeed(null);
  },
});
