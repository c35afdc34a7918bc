import { jsonBody, noBody } from '#lib/http/body.ts';
import { withPasskeys } from '#lib/http/passkeys.ts';
import { route } from '#lib/http/route.ts';
import { removeOwnPasskey, renameOwnPasskey } from '#lib/passkeys/manage.ts';
import { changeCodes } from '#lib/passkeys/may-manage.ts';
import { passkeyNameRequestSchema } from '#lib/shared/contract.ts';

export const passkeyName = route({
  path: '/api/auth/passkeys/[id]/name',
  methods: ['PUT'],
  access: 'session',
  summary: 'Names a passkey of this user.',
  refuses: ['request_not_found', 'passkey_missing'],
  body: jsonBody(passkeyNameRequestSchema),
  handle: withPasskeys(({ loggedIn, passkeys }, { body, params }) =>
    renameOwnPasskey(passkeys, loggedIn, params.id ?? '', body.name),
  ),
});

export const passkeyRemove = route({
  path: '/api/auth/passkeys/[id]',
  methods: ['DELETE'],
  access: 'session',
  summary: 'Removes a passkey of this user.',
  refuses: ['request_not_found', 'passkey_missing', 'passkey_is_last', ...changeCodes],
  body: noBody,
  handle: withPasskeys(({ loggedIn, passkeys }, { params }) =>
    removeOwnPasskey(passkeys, loggedIn, params.id ?? ''),
  ),
});
