import { jsonBody, noBody } from '#lib/http/body.ts';
import { answerChallenge, withPasskeys } from '#lib/http/passkeys.ts';
import { json } from '#lib/http/responses.ts';
import { route } from '#lib/http/route.ts';
import { createUseChallenge } from '#lib/passkeys/challenge.ts';
import { confirmWithPasskey, logInWithPasskey } from '#lib/passkeys/use.ts';
import {
  type PasskeyOptionsReply,
  passkeyOptionsReplySchema,
  passkeyUseRequestSchema,
} from '#lib/shared/contract.ts';
import { succeed } from '#lib/shared/result.ts';

const useCodes = ['passkey_unknown', 'passkey_expired', 'passkey_refused'] as const;

export const passkeyOptions = route({
  path: '/api/auth/passkeys/options',
  methods: ['POST'],
  access: 'same-origin',
  summary: 'A challenge for any passkey of this site. It names no passkey.',
  replies: { 200: passkeyOptionsReplySchema },
  refuses: ['request_not_found'],
  body: noBody,
  handle: withPasskeys(async ({ cookies, passkeys }) => {
    const challenge = createUseChallenge(passkeys.clock.now());
    cookies.challenge.write(challenge);
    const reply: PasskeyOptionsReply = {
      challenge: challenge.challenge,
      rp_id: passkeys.site.rpId,
    };
    return succeed(json(reply));
  }),
});

export const passkeyLogin = route({
  path: '/api/auth/passkeys/login',
  methods: ['POST'],
  access: 'same-origin',
  summary: 'Logs in with a passkey, without the vendor.',
  cookies: ['challenge'],
  refuses: ['request_not_found', ...useCodes, 'user_disabled'],
  body: jsonBody(passkeyUseRequestSchema),
  handle: withPasskeys((context, { body }) =>
    answerChallenge(context, (challenge) =>
      logInWithPasskey(context.passkeys, challenge, body, context.client.info),
    ),
  ),
});

export const passkeyConfirm = route({
  path: '/api/auth/passkeys/confirm',
  methods: ['POST'],
  access: 'session',
  summary:
    'Confirms with a passkey that the person at this session is its user. The session gets a new cookie.',
  cookies: ['challenge'],
  refuses: ['request_not_found', 'not_logged_in', ...useCodes],
  body: jsonBody(passkeyUseRequestSchema),
  handle: withPasskeys((context, { body }) =>
    answerChallenge(context, (challenge) =>
      confirmWithPasskey(context.passkeys, context.loggedIn, challenge, body),
    ),
  ),
});
