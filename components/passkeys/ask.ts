import { startAuthentication, WebAuthnAbortService } from '@simplewebauthn/browser';
import { fetchPasskeyOptions, outcomeOf, sendPasskeyUse } from './api.ts';
import { CEREMONY_TIMEOUT_MS, type CeremonyOutcome, outcomeOfError } from './outcome.ts';

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
        timeout: CEREMONY_TIMEOUT_MS,
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

/** Ends the ceremony under way, if there is one. */
export function abortCeremony(): void {
  WebAuthnAbortService.cancelCeremony();
}
