import type { CeremonyOutcome } from './outcome.ts';

/** The WebAuthn ceremonies. Their code is loaded when one begins; where it cannot be, there is no answer. */

/** Asks for a passkey of any user, and logs in or confirms with it. */
export async function askForPasskey(purpose: 'login' | 'confirm'): Promise<CeremonyOutcome> {
  try {
    const ceremony = await import('./ask.ts');
    return await ceremony.askForPasskey(purpose);
  } catch {
    return { kind: 'no_answer' };
  }
}

/** Makes a passkey for the logged-in user. */
export async function makePasskey(): Promise<CeremonyOutcome> {
  try {
    const ceremony = await import('./make.ts');
    return await ceremony.makePasskey();
  } catch {
    return { kind: 'no_answer' };
  }
}
