import 'server-only';
import { createHmac, hash, randomBytes } from 'node:crypto';

/** An unguessable text: 256 random bits, 43 characters that are safe in a URL. */
export function createToken(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * The form in which the store keeps a token. No salt and no stretching: 256 random bits cannot be
 * guessed, so whoever reads the hashes learns nothing to present.
 */
export function hashToken(token: string): string {
  return hash('sha256', token, 'base64url');
}

/**
 * A second token that only the holder of the first one can come by, the same every time. It lets
 * any number of parallel answers carry the same session id without the store ever holding it.
 *
 * @param purpose keeps tokens derived for different ends apart.
 */
export function deriveToken(token: string, purpose: string): string {
  return createHmac('sha256', token).update(purpose).digest('base64url');
}
