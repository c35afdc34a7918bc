import 'server-only';
import { createHash } from 'node:crypto';
import { sealData, unsealData } from 'iron-session';
import { LRUCache } from 'lru-cache';
import type * as z from 'zod';
import { deriveKey } from '../crypto/derive-key.ts';

/** Seals values for one purpose and opens only its own seals. */
export interface Sealer<T> {
  seal(value: T): Promise<string>;
  /** What a seal holds, or null for anything that is not a seal of ours, whole and in time. */
  unseal(seal: string): Promise<Unsealed<T> | null>;
  /**
   * Seals the same with the newest secret, for what is left of its time in whole seconds; or null
   * where that is none. Never until later than before, nor for longer than a new seal.
   */
  reseal(unsealed: Unsealed<T>): Promise<{ seal: string; leftSeconds: number } | null>;
}

/** What a seal that opened holds, and how it was made. */
export interface Unsealed<T> {
  value: T;
  /** Until when it opens. */
  endsAt: number;
  /** Sealed with another secret than the newest, which may be taken away one day. */
  isOld: boolean;
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
  const newest = keyId(secrets[0]);
  const sealing = { [newest]: deriveKey(secrets[0], purpose) };
  const opening = Object.fromEntries(
    secrets.map((secret) => [keyId(secret), deriveKey(secret, purpose)]),
  );

  const remembered = new LRUCache<string, Unsealed<T>>({ max: REMEMBERED_SEALS });

  /** Made by us, or opened: its digest covers the name of its key and its end. */
  function remember(seal: string, value: T): Unsealed<T> {
    const [, key, , , , end] = seal.split('*');
    const unsealed = { value, endsAt: Number(end), isOld: key !== newest };
    remembered.set(seal, unsealed);
    return unsealed;
  }

  async function sealFor(seconds: number, value: T): Promise<string> {
    // Only the newest key is offered: given several, iron-session seals with the highest id.
    const seal = await sealData(value, { password: sealing, ttl: seconds });
    remember(seal, value);
    return seal;
  }

  async function open(seal: string): Promise<Unsealed<T> | null> {
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
      return isOurs && parsed.success ? remember(seal, parsed.data) : null;
    } catch {
      return null;
    }
  }

  return {
    seal: async (value) => await sealFor(ttlSeconds, value),

    async unseal(seal) {
      if (seal.length > SEAL_MAX_LENGTH) {
        return null;
      }
      const known = remembered.get(seal);
      return known !== undefined && Date.now() < known.endsAt ? known : await open(seal);
    },

    async reseal({ value, endsAt }) {
      const leftSeconds = Math.min(ttlSeconds, Math.floor((endsAt - Date.now()) / 1_000));
      // For iron-session, no time at all is for ever.
      return leftSeconds > 0 ? { seal: await sealFor(leftSeconds, value), leftSeconds } : null;
    },
  };
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
