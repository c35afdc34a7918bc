import { startRegistration } from '@simplewebauthn/browser';
import { addPasskey, fetchNewPasskey, outcomeOf } from './api.ts';
import { CEREMONY_TIMEOUT_MS, type CeremonyOutcome, outcomeOfError } from './outcome.ts';

/** Makes a passkey for the logged-in user. */
export async function makePasskey(): Promise<CeremonyOutcome> {
  const options = await fetchNewPasskey();
  if (options.kind !== 'ok') {
    return outcomeOf(options);
  }
  const { challenge, rp, user, algorithms, known } = options.reply;
  try {
    const { id, response } = await startRegistration({
      optionsJSON: {
        challenge,
        rp,
        user: { ...user, displayName: user.name },
        pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
        timeout: CEREMONY_TIMEOUT_MS,
        attestation: 'none',
        authenticatorSelection: {
          residentKey: 'required',
          requireResidentKey: true,
          userVerification: 'required',
        },
        excludeCredentials: known.map((knownId) => ({ type: 'public-key', id: knownId })),
      },
    });
    return outcomeOf(
      await addPasskey({
        id,
        attestation: response.attestationObject,
        client_data: response.clientDataJSON,
      }),
    );
  } catch (error) {
    return outcomeOfError(error);
  }
}
