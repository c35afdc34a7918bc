import { WebAuthnError } from '@simplewebauthn/browser';
import type { ProblemFacts } from '#lib/shared/messages/problem-text.ts';

/** What became of a WebAuthn ceremony. */
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

/** How long a ceremony may take: as long as the server accepts the answer. */
export const CEREMONY_TIMEOUT_MS = 5 * 60 * 1_000;

/** What an error of the browser means. */
export function outcomeOfError(error: unknown): CeremonyOutcome {
  const code = error instanceof WebAuthnError ? error.code : null;
  if (code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED') {
    return { kind: 'exists' };
  }
  return { kind: code === 'ERROR_CEREMONY_ABORTED' ? 'aborted' : 'cancelled' };
}
