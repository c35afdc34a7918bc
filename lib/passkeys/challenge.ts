import 'server-only';
import { createToken, hashToken } from '../crypto/token.ts';
import { addToCounts } from '../store/limits.ts';
import type { Queries } from '../store/schema.ts';

/** How long an authenticator has to answer. */
const CHALLENGE_TTL_MS = 5 * 60 * 1_000;

/** What an authenticator signs once, and what for. Kept by the browser, sealed. */
export type Challenge = { challenge: string; issuedAt: number } & (
  | { use: 'get' }
  /** With the user for whom the passkey is made, and the id that the authenticator is given for them. */
  | { use: 'create'; userId: string; webauthnUserId: string }
);

/** A challenge to use a passkey of any user. */
export function createUseChallenge(now: number): Challenge & { use: 'get' } {
  return { use: 'get', challenge: createToken(), issuedAt: now };
}

/** Whether a challenge is of the given use and may still be answered: not if it is from the future. */
export function isFresh<Use extends Challenge['use']>(
  challenge: Challenge | null,
  use: Use,
  now: number,
): challenge is Challenge & { use: Use } {
  const ageMs = now - (challenge?.issuedAt ?? 0);
  return challenge?.use === use && ageMs >= 0 && ageMs < CHALLENGE_TTL_MS;
}

/** Marks a challenge as used. @returns false if it was used before, in this process or another. */
export async function consumeChallenge(
  transaction: Queries,
  { challenge }: Challenge,
  now: number,
): Promise<boolean> {
  const key = `passkey challenge:${hashToken(challenge)}`;
  return (await addToCounts(transaction, [{ key, most: 1, windowMs: CHALLENGE_TTL_MS }], now)).ok;
}
