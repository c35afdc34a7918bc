import 'server-only';
import { hkdfSync } from 'node:crypto';

/**
 * Derives a separate 256-bit key for each purpose with HKDF (RFC 5869), so that a leaked key does not
 * reveal another one or the secret.
 *
 * @returns the key in hexadecimal.
 */
export function deriveKey(secret: string, purpose: string): string {
  const key = hkdfSync('sha256', secret, '', `call-login ${purpose}`, 32);
  return Buffer.from(key).toString('hex');
}
