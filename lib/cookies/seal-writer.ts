import 'server-only';
import { createCipheriv, createHmac, createSecretKey, pbkdf2Sync, randomBytes } from 'node:crypto';

const SALT_BYTES = 32;
const IV_BYTES = 16;
const KEY_BYTES = 32;

/**
 * Writes values as iron-session's `sealData` does, for its `unsealData` to open: in format 2 of iron
 * (https://github.com/hapijs/iron), encrypted by AES-256 in CBC mode and authenticated by HMAC-SHA-256, each with a key
 * of its own. Why not `sealData` itself: docs/decisions/0026-seals-are-written-at-once.md.
 *
 * @param key.id decimal, by which the key is found again.
 * @param key.password at least 32 random characters: no work is spent on stretching it.
 */
export function createSealWriter({ id, password }: { id: string; password: string }) {
  const derive = () => {
    const salt = randomBytes(SALT_BYTES).toString('hex');
    const key = createSecretKey(pbkdf2Sync(password, salt, 1, KEY_BYTES, 'sha1'));
    return { salt, key };
  };
  // iron derives both for each seal. What has to be fresh is the initialization vector.
  const encryption = derive();
  const integrity = derive();

  /** @param ttlSeconds more than 0. */
  return (value: unknown, ttlSeconds: number): string => {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-cbc', encryption.key, iv);
    const encrypted = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
    const [ivText, encryptedText] = [iv, encrypted].map((bytes) => bytes.toString('base64url'));
    const endsAt = Date.now() + ttlSeconds * 1_000;
    const signed = ['Fe26.2', id, encryption.salt, ivText, encryptedText, endsAt].join('*');
    const digest = createHmac('sha256', integrity.key).update(signed).digest('base64url');
    return `${signed}*${integrity.salt}*${digest}~2`;
  };
}
