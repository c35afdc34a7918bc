import {
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
  WebAuthnError,
} from '@simplewebauthn/browser';
import type { ProblemFacts } from '#lib/shared/messages/problem-text.ts';
import {
  addPasskey,
  fetchNewPasskey,
  fetchPasskeyOptions,
  outcomeOf,
  sendPasskeyUse,
} from './api.ts';

/** The WebAuthn ceremonies. Loaded only when a passkey may be used. */

export type CeremonyOutcome =
  | { kind: 'done' }
  /** The person closed the prompt, or no passkey was there. */
  | { kind: 'cancelled' }
  /** Another ceremony began, or the page ended this one. */
  | { kind: 'aborted' }
  /** The authenticator has a passkey for this user already. */
  | { kind: 'exists' }
  | { kind: 'refused'; problem: ProblemFacts }
  | { kind: 'no_answer' };

/** As long as the server accepts the answer. */
const TIMEOUT_MS = 5 * 60 * 1_000;

/**
 * Asks for a passkey of any user, and logs in or confirms with it.
 *
 * @param isAutofill waits until the person chooses one in the number field, without a prompt.
 */
export async function askForPasskey(
  purpose: 'login' | 'confirm',
  isAutofill = false,
): Promise<CeremonyOutcome> {
  const options = await fetchPasskeyOptions();
  if (options.kind !== 'ok') {
    return outcomeOf(options);
  }
  try {
    const { id, response } = await startAuthentication({
      optionsJSON: {
        challenge: options.reply.challenge,
        rpId: options.reply.rp_id,
        timeout: TIMEOUT_MS,
        userVerification: 'required',
      },
      useBrowserAutofill: isAutofill,
    });
    return outcomeOf(
      await sendPasskeyUse(purpose, {
        id,
        authenticator_data: response.authenticatorData,
        client_data: response.clientDataJSON,
        signature: response.signature,
        user_handle: response.userHandle ?? '',
      }),
    );
  } catch (error) {
    return outcomeOfError(error);
  }
}

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
        timeout: TIMEOUT_MS,
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

/** Ends the ceremony under way, if there is one. */
export function abortCeremony(): void {
  WebAuthnAbortService.cancelCeremony();
}

function outcomeOfError(error: unknown): CeremonyOutcome {
  const code = error instanceof WebAuthnError ? error.code : null;
  if (code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED') {
    return { kind: 'exists' };
  }
  return { kind: code === 'ERROR_CEREMONY_ABORTED' ? 'aborted' : 'cancelled' };
}
