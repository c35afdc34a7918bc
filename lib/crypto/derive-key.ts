import 'server-only';
import { hkdfSync } from 'node:crypto';

/**
 * A key of its own for each purpose (HKDF, RFC 5869), 256 bits in hexadecimal: what one key gives
 * away says nothing of another, or of the secret.
 */
export function deriveKey(secret: string, purpose: string): string {
  const key = hkdfSync('sha256', secret, '', `call-login ${purpose}`, 32);
  return Buffer.from(key).toString('hex');
}
