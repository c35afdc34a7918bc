import * as z from 'zod/mini';
import { jsonBody, noBody } from '#lib/http/body.ts';
import { answerChallenge, withPasskeys } from '#lib/http/passkeys.ts';
import { json } from '#lib/http/responses.ts';
import { route } from '#lib/http/route.ts';
import { addPasskey, offerPasskey } from '#lib/passkeys/add.ts';
import { declineOffer, mayOffer } from '#lib/passkeys/manage.ts';
import { changeCodes } from '#lib/passkeys/may-manage.ts';
import { maskPhoneNumber } from '#lib/phone/phone-number.ts';
import {
  doneReplySchema,
  newPasskeyReplySchema,
  type PasskeyOfferReply,
  passkeyAddRequestSchema,
  passkeyOfferReplySchema,
} from '#lib/shared/contract.ts';
import { succeed } from '#lib/shared/result.ts';

export const passkeyOffer = route({
  path: '/api/auth/passkeys/offer',
  methods: ['GET', 'DELETE'],
  access: 'session',
  summary:
    'Whether to offer a passkey now, right after a login by call; DELETE remembers "not now".',
  replies: { 200: z.union([passkeyOfferReplySchema, doneReplySchema]) },
  refuses: ['request_not_found'],
  body: noBody,
  handle: withPasskeys(async ({ loggedIn, passkeys }, { request }) => {
    if (request.method === 'DELETE') {
      await declineOffer(passkeys, loggedIn);
      return succeed(null);
    }
    const reply: PasskeyOfferReply = { offer: await mayOffer(passkeys, loggedIn) };
    return succeed(json(reply));
  }),
});

export const passkeyNew = route({
  path: '/api/auth/passkeys/new',
  methods: ['POST'],
  access: 'session',
  summary: 'What the browser needs to make a passkey for this user.',
  replies: { 200: newPasskeyReplySchema },
  refuses: ['request_not_found', ...changeCodes, 'passkeys_full'],
  body: noBody,
  handle: withPasskeys(async ({ cookies, loggedIn, passkeys, services }) => {
    const { phone_number } = loggedIn.user;
    const name = maskPhoneNumber(phone_number, services.config.app.defaultCountry);
    const offered = await offerPasskey(passkeys, loggedIn, name);
    if (!offered.ok) {
      return offered;
    }
    const { challenge, reply } = offered.value;
    cookies.challenge.write(challenge);
    return succeed(json(reply));
  }),
});

export const passkeyAdd = route({
  path: '/api/auth/passkeys/add',
  methods: ['POST'],
  access: 'session',
  summary: 'Adds the passkey that the authenticator made. The session gets a new cookie.',
  cookies: ['challenge'],
  refuses: [
    'request_not_found',
    'not_logged_in',
    ...changeCodes,
    'passkeys_full',
    'passkey_expired',
    'passkey_refused',
  ],
  body: jsonBody(passkeyAddRequestSchema),
  handle: withPasskeys((context, { body }) => {
    const { client, loggedIn, passkeys } = context;
    return answerChallenge(context, (challenge) =>
      addPasskey(passkeys, loggedIn, challenge, body, client.info),
    );
  }),
});
