import 'server-only';
import { createHmac, hash, randomBytes } from 'node:crypto';

/** A random 256-bit token: 43 URL-safe characters (base64url). */
export function createToken(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * The hash under which the store keeps a token. 256 random bits cannot be guessed, so the hash needs
 * neither salt nor key stretching.
 */
export function hashToken(token: string): string {
  return hash('sha256', token, 'base64url');
}

/**
 * Derives a second token that only a holder of the first can compute. Parallel responses can thus carry
 * the same session token although the store keeps only its hash.
 *
 * @param purpose separates tokens derived for different uses.
 */
export function deriveToken(token: string, purpose: string): string {
  return createHmac('sha256', token).update(purpose).digest('base64url');
}
