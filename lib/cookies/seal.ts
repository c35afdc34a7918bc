import 'server-only';
import { createHash } from 'node:crypto';
import { unsealData } from 'iron-session';
import { LRUCache } from 'lru-cache';
import type * as z from 'zod';
import { deriveKey } from '../crypto/derive-key.ts';
import { hashToken } from '../crypto/token.ts';
import { createSealWriter } from './seal-writer.ts';

/** Seals values for one purpose and opens only its own seals. */
export interface Sealer<T> {
  seal(value: T): string;
  /** The value of a seal; null if the seal is not ours, broken or expired. */
  unseal(seal: string): Promise<Unsealed<T> | null>;
  /**
   * Seals a value again with the newest secret for the rest of its lifetime, in whole seconds: never
   * beyond its old expiry, nor for longer than a new seal. Null if no time is left.
   */
  reseal(unsealed: Unsealed<T>): { seal: string; leftSeconds: number } | null;
}

interface Unsealed<T> {
  value: T;
  /** When it expires. */
  endsAt: number;
  /** Whether it is sealed with another secret than the newest. */
  isOld: boolean;
}

interface SealerOptions<T> {
  /** Part of the key, so that the seal of one cookie is not valid for another. */
  purpose: string;
  schema: z.ZodType<T>;
  ttlSeconds: number;
  /** Newest first: the first one seals, all of them unseal. */
  secrets: readonly [string, ...string[]];
}

/** Browsers reject longer cookies, so a longer text is not a seal of ours. */
const SEAL_MAX_LENGTH = 4096;

/** Enough for ten thousand polling browsers; about 4 MB. */
const MAX_CACHED_SEALS = 10_000;

/**
 * Caches the latest seals: deriving the keys of one took a fifth of the time of a poll that is answered at
 * once (profile of `status`).
 */
export function createSealer<T>(options: SealerOptions<T>): Sealer<T> {
  const { purpose, schema, ttlSeconds, secrets } = options;
  const newest = keyId(secrets[0]);
  const write = createSealWriter({ id: newest, password: deriveKey(secrets[0], purpose) });
  const opening = Object.fromEntries(
    secrets.map((secret) => [keyId(secret), deriveKey(secret, purpose)]),
  );

  /** By the hash of the seal: half the memory. */
  const cache = new LRUCache<string, Unsealed<T>>({ max: MAX_CACHED_SEALS });

  /** @param seal made or verified by us: its digest covers the key's id and the expiry. */
  function remember(seal: string, value: T): Unsealed<T> {
    const [, key, , , , expiry] = seal.split('*');
    const unsealed = { value, endsAt: Number(expiry), isOld: key !== newest };
    cache.set(hashToken(seal), unsealed);
    return unsealed;
  }

  function sealFor(seconds: number, value: T): string {
    const seal = write(value, seconds);
    remember(seal, value);
    return seal;
  }

  async function open(seal: string): Promise<Unsealed<T> | null> {
    if (!isCanonical(seal)) {
      return null;
    }
    try {
      let isOurs = true;
      const value: unknown = await unsealData(seal, {
        password: opening,
        ttl: ttlSeconds,
        // It then returns an empty object, which some schemas accept.
        onUnsealError: () => {
          isOurs = false;
        },
      });
      const parsed = schema.safeParse(value);
      return isOurs && parsed.success ? remember(seal, parsed.data) : null;
    } catch {
      return null;
    }
  }

  return {
    seal: (value) => sealFor(ttlSeconds, value),

    async unseal(seal) {
      if (seal.length > SEAL_MAX_LENGTH) {
        return null;
      }
      const known = cache.get(hashToken(seal));
      return known !== undefined && Date.now() < known.endsAt ? known : await open(seal);
    },

    reseal({ value, endsAt }) {
      const leftSeconds = Math.min(ttlSeconds, Math.floor((endsAt - Date.now()) / 1_000));
      return leftSeconds > 0 ? { seal: sealFor(leftSeconds, value), leftSeconds } : null;
    },
  };
}

/**
 * Whether a seal ends exactly as iron-session writes it. Two parts of the end are not authenticated: the
 * format version after the `~`, and the unused bits of the digest's last character.
 */
function isCanonical(seal: string): boolean {
  const [, digest] = /\*([\w-]+)~2$/.exec(seal) ?? [];
  return (
    digest !== undefined &&
    Buffer.from(digest, 'base64url').toString('base64url') === digest &&
    seal.indexOf('~') === seal.length - 2
  );
}

/**
 * Identifies a key by its secret instead of its place in the list, so that a cookie finds its key when
 * secrets are added or removed. iron-session requires a number.
 */
function keyId(secret: string): string {
  const digest = createHash('sha256').update(`key id ${secret}`).digest();
  return String(digest.readUIntBE(0, 6));
}
