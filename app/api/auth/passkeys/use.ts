import { jsonBody, noBody } from '#lib/http/body.ts';
import { withPasskeys } from '#lib/http/passkeys.ts';
import { done, json } from '#lib/http/responses.ts';
import { route } from '#lib/http/route.ts';
import { createUseChallenge } from '#lib/passkeys/challenge.ts';
import { confirmWithPasskey, logInWithPasskey } from '#lib/passkeys/use.ts';
import {
  type PasskeyOptionsReply,
  type PasskeyUseRequest,
  passkeyUseRequestSchema,
} from '#lib/shared/contract.ts';
import { succeed } from '#lib/shared/result.ts';

/** A challenge for any passkey of this site. The same answer to everybody: it names no passkey. */
export const options = route({
  path: '/api/auth/passkeys/options',
  methods: ['POST'],
  access: 'same-origin',
  body: noBody,
  handle: withPasskeys(async ({ cookies, passkeys }) => {
    const challenge = createUseChallenge(passkeys.clock.now());
    await cookies.challenge.write(challenge);
    const reply: PasskeyOptionsReply = {
      challenge: challenge.challenge,
      rp_id: passkeys.site.rpId,
    };
    return succeed(json(reply));
  }),
});

/** Logs in with a passkey, without the vendor. */
export const passkeyLogin = route({
  path: '/api/auth/passkeys/login',
  methods: ['POST'],
  access: 'same-origin',
  body: jsonBody(passkeyUseRequestSchema),
  handle: withPasskeys(async ({ cookies, client, passkeys }, { body }) => {
    const challenge = await cookies.challenge.read();
    cookies.challenge.clear();
    const sessionToken = await logInWithPasskey(passkeys, challenge, useOf(body), client.info);
    if (!sessionToken.ok) {
      return sessionToken;
    }
    await cookies.session.write({ sessionToken: sessionToken.value });
    return succeed(done());
  }),
});

/** Confirms with a passkey that the person at this session is its user. */
export const confirm = route({
  path: '/api/auth/passkeys/confirm',
  methods: ['POST'],
  access: 'session',
  body: jsonBody(passkeyUseRequestSchema),
  handle: withPasskeys(async ({ cookies, loggedIn, passkeys }, { body }) => {
    const challenge = await cookies.challenge.read();
    cookies.challenge.clear();
    const sessionToken = await confirmWithPasskey(passkeys, loggedIn, challenge, useOf(body));
    if (!sessionToken.ok) {
      return sessionToken;
    }
    await cookies.session.write({ sessionToken: sessionToken.value });
    return succeed(done());
  }),
});

const useOf = (body: PasskeyUseRequest) => ({
  id: body.id,
  authenticatorData: body.authenticator_data,
  clientDataJSON: body.client_data,
  signature: body.signature,
  userHandle: body.user_handle,
});
