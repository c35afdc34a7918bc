import { noBody } from '#lib/http/body.ts';
import { json } from '#lib/http/responses.ts';
import { route } from '#lib/http/route.ts';
import { endSession } from '#lib/http/session.ts';
import { type SessionReply, sessionReplySchema } from '#lib/shared/contract.ts';
import { succeed } from '#lib/shared/result.ts';

export const session = route({
  path: '/api/auth/session',
  methods: ['GET', 'HEAD'],
  access: 'session',
  summary: 'Who is logged in, and until when.',
  replies: { 200: sessionReplySchema },
  body: noBody,
  async handle({ loggedIn: { user, session } }) {
    const reply: SessionReply = {
      user: {
        id: user.id,
        phone_number: user.phone_number,
        created_at: new Date(user.created_at).toISOString(),
      },
      expires_at: new Date(session.expires_at).toISOString(),
    };
    return succeed(json(reply));
  },
});

export const logout = route({
  path: '/api/auth/logout',
  methods: ['POST'],
  access: 'same-origin',
  summary: 'Logs out: ends the session in this browser and on the server.',
  cookies: ['session'],
  body: noBody,
  async handle(context) {
    await endSession(context);
    return succeed(null);
  },
});
