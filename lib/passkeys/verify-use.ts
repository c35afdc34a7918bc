import 'server-only';
import type { PasskeyUseRequest } from '../shared/contract.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { auditedTransaction } from '../store/audit.ts';
import { addToCounts } from '../store/limits.ts';
import { findPasskey } from '../store/passkeys.ts';
import type { Passkey, User } from '../store/schema.ts';
import { findUser } from '../store/users.ts';
import { type Challenge, isFresh } from './challenge.ts';
import type { PasskeyDependencies } from './dependencies.ts';

/** A use whose signature was checked; not recorded yet. */
export interface VerifiedUse {
  challenge: Challenge;
  user: User;
  passkey: Passkey;
  counter: number;
  isBackedUp: boolean;
}

export type UseProblem = { code: 'passkey_unknown' | 'passkey_expired' | 'passkey_refused' };

/** Refused uses of one user's passkeys that are recorded in an hour; more would only fill the table. */
const RECORDED_REFUSALS = { most: 20, windowMs: 60 * 60 * 1_000 };

/**
 * Checks the use of a passkey (WebAuthn Level 3, 7.2): challenge, origin, host, presence and verification of
 * the person, signature, counter, backup eligibility, and that the authenticator means the same user.
 */
export async function verifyUse(
  deps: PasskeyDependencies,
  challenge: Challenge | null,
  use: PasskeyUseRequest,
): Promise<Result<VerifiedUse, UseProblem>> {
  if (!isFresh(challenge, 'get', deps.clock.now())) {
    return fail({ code: 'passkey_expired' });
  }
  const passkey = await findPasskey(deps.store, use.id);
  const user = passkey === null ? null : await findUser(deps.store, passkey.user_id);
  if (passkey === null || user === null) {
    return fail({ code: 'passkey_unknown' });
  }
  const verified = await checkSignature(deps, challenge.challenge, passkey, use);
  const isOfUser = user.webauthn_user_id === use.user_handle;
  if (verified === null || !isOfUser || verified.deviceType !== passkey.device_type) {
    await recordRefusal(deps, user);
    return fail({ code: 'passkey_refused' });
  }
  const { counter, isBackedUp } = verified;
  return succeed({ challenge, user, passkey, counter, isBackedUp });
}

/** @returns null where anything about the answer is wrong. */
async function checkSignature(
  { site, log }: PasskeyDependencies,
  expectedChallenge: string,
  passkey: Passkey,
  use: PasskeyUseRequest,
) {
  // Loaded at the first use: it brings parsers of certificates that most processes never need.
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: {
        id: use.id,
        rawId: use.id,
        type: 'public-key',
        response: {
          authenticatorData: use.authenticator_data,
          clientDataJSON: use.client_data,
          signature: use.signature,
          userHandle: use.user_handle,
        },
        clientExtensionResults: {},
      },
      expectedChallenge,
      expectedOrigin: site.origin,
      expectedRPID: site.rpId,
      requireUserVerification: true,
      credential: {
        id: passkey.credential_id,
        publicKey: new Uint8Array(Buffer.from(passkey.public_key, 'base64url')),
        counter: passkey.counter,
      },
    });
    const { newCounter: counter, credentialDeviceType, credentialBackedUp } = authenticationInfo;
    return verified
      ? { counter, deviceType: credentialDeviceType, isBackedUp: credentialBackedUp }
      : null;
  } catch (error) {
    // Whatever the library throws is about the answer: parsing it needs nothing but these bytes.
    log.info({ event: 'passkey_not_verified', error }, 'an answer of a passkey is not valid');
    return null;
  }
}

/** Records for the user that a use of their passkey was refused. */
export async function recordRefusal(deps: PasskeyDependencies, user: User): Promise<void> {
  const at = deps.clock.now();
  await auditedTransaction(deps, async ({ transaction, record }) => {
    const key = `passkey refused:${user.id}`;
    if ((await addToCounts(transaction, [{ key, ...RECORDED_REFUSALS }], at)).ok) {
      record({ at, type: 'passkey_refused', userId: user.id, reason: 'passkey_refused' });
    }
  });
}
