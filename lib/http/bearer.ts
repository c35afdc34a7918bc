import 'server-only';
import { timingSafeEqual } from 'node:crypto';
import { hashToken } from '../crypto/token.ts';
import type { HeaderReader } from './route-request.ts';

/** Whether a request authorizes itself with this secret: `Authorization: Bearer <secret>` (RFC 6750). */
export function isBearerOf(secret: string, headers: HeaderReader): boolean {
  const [, sent = ''] = /^bearer +(\S+)$/i.exec(headers.get('authorization') ?? '') ?? [];
  // Hashes have one length, so that the comparison does not tell that of the secret.
  return timingSafeEqual(Buffer.from(hashToken(sent)), Buffer.from(hashToken(secret)));
}
