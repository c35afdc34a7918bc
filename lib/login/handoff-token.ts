import 'server-only';
import { deriveToken } from '../crypto/token.ts';

/**
 * What the QR code hands to the phone. Whoever has it can read the number to call, the device and
 * the time left, while the attempt lives: it is derived one way, so it leads neither to the
 * attempt's own token nor to a session, and nothing takes it but the page on the phone.
 */
export function handoffTokenOf(attemptToken: string): string {
  return deriveToken(attemptToken, 'handoff');
}
