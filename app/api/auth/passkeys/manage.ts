import { jsonBody, noBody } from '#lib/http/body.ts';
import { withPasskeys } from '#lib/http/passkeys.ts';
import { done } from '#lib/http/responses.ts';
import { route } from '#lib/http/route.ts';
import { removeOwnPasskey, renameOwnPasskey } from '#lib/passkeys/manage.ts';
import { changeCodes } from '#lib/passkeys/may-manage.ts';
import { doneReplySchema, passkeyNameRequestSchema } from '#lib/shared/contract.ts';
import { succeed } from '#lib/shared/result.ts';

/** Names a passkey of this user. Anybody else's does not exist here. */
export const passkeyName = route({
  path: '/api/auth/passkeys/[id]/name',
  methods: ['PUT'],
  access: 'session',
  summary: 'Names a passkey of this user.',
  replies: { 200: doneReplySchema },
  refuses: ['request_not_found', 'passkey_missing'],
  body: jsonBody(passkeyNameRequestSchema),
  handle: withPasskeys(async ({ loggedIn, passkeys }, { body, params }) => {
    const renamed = await renameOwnPasskey(passkeys, loggedIn, params.id ?? '', body.name);
    return renamed.ok ? succeed(done()) : renamed;
  }),
});

/** Removes a passkey of this user. Anybody else's does not exist here. */
export const passkeyRemove = route({
  path: '/api/auth/passkeys/[id]',
  methods: ['DELETE'],
  access: 'session',
  summary: 'Removes a passkey of this user.',
  replies: { 200: doneReplySchema },
  refuses: ['request_not_found', 'passkey_missing', 'passkey_is_last', ...changeCodes],
  body: noBody,
  handle: withPasskeys(async ({ loggedIn, passkeys }, { params }) => {
    const removed = await removeOwnPasskey(passkeys, loggedIn, params.id ?? '');
    return removed.ok ? succeed(done()) : removed;
  }),
});
