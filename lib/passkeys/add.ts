import 'server-only';
import { randomBytes, randomUUID } from 'node:crypto';
import { createToken, hashToken } from '../crypto/token.ts';
import type { LoggedIn } from '../sessions/open.ts';
import type { NewPasskeyReply, PasskeyAddRequest } from '../shared/contract.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type AuditedTransaction, auditedTransaction } from '../store/audit.ts';
import { acquireTransactionLock } from '../store/dialect.ts';
import { findPasskeys, insertPasskey } from '../store/passkeys.ts';
import type { ClientInfo, Passkey } from '../store/schema.ts';
import { setPasskeyUsedInSession } from '../store/sessions.ts';
import { setOnce } from '../store/users.ts';
import { type Challenge, consumeChallenge, isFresh } from './challenge.ts';
import type { PasskeyDependencies } from './dependencies.ts';
import { type ManageProblem, mayAdd } from './may-manage.ts';

/**
 * Ed25519, ES256 and RS256 (COSE, IANA registry), which every Node can verify. Where Node knows ML-DSA the library
 * would prefer it, and Node 22 could not verify what a Node 24 let in.
 */
const ALGORITHMS = [-8, -7, -257];

/** More than the devices that anybody has. */
const MAX_PASSKEYS = 10;

/** Rolls the transaction back: the session ended while its passkey was being added. */
class EndedMeanwhile extends Error {}

type OfferProblem = ManageProblem | { code: 'passkeys_full' };

type AddProblem = OfferProblem | { code: 'passkey_expired' | 'passkey_refused' };

/**
 * What the browser needs to have a passkey made for the user of a session, and the challenge to keep until it
 * answers.
 *
 * @param userName shown by the authenticator; not the whole phone number, since it may show it to anybody.
 */
export async function offerPasskey(
  deps: PasskeyDependencies,
  loggedIn: LoggedIn,
  userName: string,
): Promise<Result<{ challenge: Challenge; reply: NewPasskeyReply }, OfferProblem>> {
  const { user } = loggedIn;
  const passkeys = await findPasskeys(deps.store, user.id);
  const now = deps.clock.now();
  const may = checkAdd(loggedIn, passkeys, now);
  if (!may.ok) {
    return may;
  }
  const webauthnUserId = user.webauthn_user_id ?? randomBytes(32).toString('base64url');
  const challenge = createToken();
  return succeed({
    challenge: { use: 'create', challenge, issuedAt: now, userId: user.id, webauthnUserId },
    reply: {
      challenge,
      rp: { id: deps.site.rpId, name: deps.site.name },
      user: { id: webauthnUserId, name: userName },
      algorithms: ALGORITHMS,
      known: passkeys.map(({ credential_id }) => credential_id),
    },
  });
}

/**
 * Adds the passkey that an authenticator made. Adding it counts as a use in the session, which gets a new
 * token.
 *
 * @returns the new token of the session.
 */
export async function addPasskey(
  deps: PasskeyDependencies,
  loggedIn: LoggedIn,
  challenge: Challenge | null,
  made: PasskeyAddRequest,
  client: ClientInfo,
): Promise<Result<string, AddProblem | { code: 'not_logged_in' }>> {
  const { user, session } = loggedIn;
  const at = deps.clock.now();
  if (!isFresh(challenge, 'create', at) || challenge.userId !== user.id) {
    return fail({ code: 'passkey_expired' });
  }
  const verified = await checkNew(deps, challenge.challenge, made);
  if (verified === null) {
    return fail({ code: 'passkey_refused' });
  }
  const sessionToken = createToken();
  const add = async ({
    transaction,
    record,
  }: AuditedTransaction): Promise<Result<string, AddProblem>> => {
    await acquireTransactionLock(transaction, `phone number ${user.phone_number}`);
    const may = checkAdd(loggedIn, await findPasskeys(transaction, user.id), at);
    if (!may.ok) {
      return may;
    }
    if (!(await consumeChallenge(transaction, challenge, at))) {
      return fail({ code: 'passkey_expired' });
    }
    const isNew = await insertPasskey(transaction, {
      ...verified,
      id: randomUUID(),
      user_id: user.id,
      rp_id: deps.site.rpId,
      name: client.device,
      ...client,
      session_public_id: session.public_id,
      created_at: at,
    });
    if (!isNew) {
      return fail({ code: 'passkey_refused' });
    }
    await setOnce(transaction, user.id, { webauthn_user_id: challenge.webauthnUserId });
    const newIdHash = hashToken(sessionToken);
    if (!(await setPasskeyUsedInSession(transaction, session.id_hash, { newIdHash, at }))) {
      throw new EndedMeanwhile();
    }
    record({ at, type: 'passkey_added', userId: user.id, client });
    return succeed(sessionToken);
  };
  return await auditedTransaction(deps, add).catch((error: unknown) => {
    if (error instanceof EndedMeanwhile) {
      return fail({ code: 'not_logged_in' });
    }
    throw error;
  });
}

function checkAdd(
  { session }: LoggedIn,
  passkeys: readonly Passkey[],
  now: number,
): Result<null, OfferProblem> {
  return passkeys.length >= MAX_PASSKEYS
    ? fail({ code: 'passkeys_full' })
    : mayAdd(session, passkeys.length > 0, now);
}

/** @returns null where anything about the answer is wrong. */
async function checkNew(
  { site, log }: PasskeyDependencies,
  expectedChallenge: string,
  { id, attestation, client_data }: PasskeyAddRequest,
): Promise<Pick<
  Passkey,
  'credential_id' | 'public_key' | 'counter' | 'device_type' | 'is_backed_up'
> | null> {
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        response: { attestationObject: attestation, clientDataJSON: client_data },
        clientExtensionResults: {},
      },
      expectedChallenge,
      expectedOrigin: site.origin,
      expectedRPID: site.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    if (!verified) {
      return null;
    }
    const { credential, credentialDeviceType, credentialBackedUp } = registrationInfo;
    return {
      credential_id: credential.id,
      public_key: Buffer.from(credential.publicKey).toString('base64url'),
      counter: credential.counter,
      device_type: credentialDeviceType,
      is_backed_up: credentialBackedUp ? 1 : 0,
    };
  } catch (error) {
    log.info({ event: 'passkey_not_verified', error }, 'a new passkey is not valid');
    return null;
  }
}
