import 'server-only';
import { createHash } from 'node:crypto';
import { sealData, unsealData } from 'iron-session';
import { LRUCache } from 'lru-cache';
import type * as z from 'zod';
import { deriveKey } from '../derive-key.ts';

/** Seals values for one purpose and opens only its own seals. */
export interface Sealer<T> {
  seal(value: T): Promise<string>;
  /** The sealed value, or null for anything that is not a seal of ours, whole and in time. */
  unseal(seal: string): Promise<T | null>;
}

export interface SealerOptions<T> {
  /** Keeps the seals of one cookie from opening as another's: it goes into the key. */
  purpose: string;
  schema: z.ZodType<T>;
  ttlSeconds: number;
  /** Newest first: the first one seals, all of them open. */
  secrets: readonly [string, ...string[]];
}

/** Browsers refuse cookies over 4096 bytes, so a longer text was never a seal of ours. */
const SEAL_MAX_LENGTH = 4096;

/** Ten thousand browsers that poll; about 10 MB. */
const REMEMBERED_SEALS = 10_000;

/**
 * Makes what seals and opens. It remembers the seals that it made or opened lately: deriving the keys
 * of one took a fifth of the time of a poll that is answered at once (profile of `status`).
 */
export function createSealer<T>(options: SealerOptions<T>): Sealer<T> {
  const { purpose, schema, ttlSeconds, secrets } = options;
  const sealing = { [keyId(secrets[0])]: deriveKey(secrets[0], purpose) };
  const opening = Object.fromEntries(
    secrets.map((secret) => [keyId(secret), deriveKey(secret, purpose)]),
  );

  const remembered = new LRUCache<string, { value: T }>({ max: REMEMBERED_SEALS });

  async function open(seal: string): Promise<T | null> {
    if (!isSpelledAsSealed(seal)) {
      return null;
    }
    try {
      let isOurs = true;
      const value: unknown = await unsealData(seal, {
        password: opening,
        ttl: ttlSeconds,
        // It answers an empty object then, which some schemas would take.
        onUnsealError: () => {
          isOurs = false;
        },
      });
      const parsed = schema.safeParse(value);
      return isOurs && parsed.success ? parsed.data : null;
    } catch {
      return null;
    }
  }

  return {
    async seal(value) {
      // Only the newest key is offered: given several, iron-session seals with the highest id.
      const seal = await sealData(value, { password: sealing, ttl: ttlSeconds });
      remembered.set(seal, { value });
      return seal;
    },

    async unseal(seal) {
      if (seal.length > SEAL_MAX_LENGTH) {
        return null;
      }
      const known = remembered.get(seal);
      if (known !== undefined && isInTime(seal)) {
        return known.value;
      }
      const value = await open(seal);
      if (value !== null) {
        remembered.set(seal, { value });
      }
      return value;
    },
  };
}

/** By the end that iron-session wrote into a seal and its digest covers: the sixth part, in ms. */
function isInTime(seal: string): boolean {
  return Date.now() < Number(seal.split('*')[5]);
}

/**
 * Whether a seal is spelled in the one way in which we write it. Its end is not authenticated: the
 * version of iron-session's format after the `~`, and before it the last character of the digest,
 * which has bits that stand for nothing.
 */
function isSpelledAsSealed(seal: string): boolean {
  const [, digest] = /\*([\w-]+)~2$/.exec(seal) ?? [];
  return (
    digest !== undefined &&
    Buffer.from(digest, 'base64url').toString('base64url') === digest &&
    seal.indexOf('~') === seal.length - 2
  );
}

/**
 * Names a key by what it is, not by its place in the list, so that a cookie still finds its key
 * after a newer secret was put in front or an older one taken away. iron-session wants a number.
 */
function keyId(secret: string): string {
  const digest = createHash('sha256').update(`key id ${secret}`).digest();
  return String(digest.readUIntBE(0, 6));
}
