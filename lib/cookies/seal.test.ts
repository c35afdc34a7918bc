import fc from 'fast-check';
import { sealData } from 'iron-session';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';
import { createSealer } from './seal.ts';

const NEWEST = 'Vq8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4E';
const OLDER = 'h4Kd9sLq2Wm7Zx0Cv5Bn8Tr3Yp6Gf1Aj';
const TTL_SECONDS = 600;
/** The clock skew that is tolerated at a seal's expiry. */
const SKEW_SECONDS = 60;

const schema = z.strictObject({ token: z.string(), name: z.string().optional() });
const value = { token: 'k3yZ…\u0000"{}', name: '山田' };

function sealerOf(
  secrets: readonly [string, ...string[]] = [NEWEST],
  purpose = 'attempt cookie',
  ttlSeconds = TTL_SECONDS,
) {
  return createSealer({ purpose, schema, ttlSeconds, secrets });
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a seal', () => {
  it('opens to the sealed value and does not reveal it', async () => {
    const seal = sealerOf().seal({ token: 'canary' });
    expect(seal).not.toContain('canary');
    expect(await sealerOf().unseal(seal)).toHaveProperty('value', { token: 'canary' });
    expect(await sealerOf().unseal(sealerOf().seal(value))).toHaveProperty('value', value);
  });

  it('is different each time', () => {
    expect(sealerOf().seal(value)).not.toBe(sealerOf().seal(value));
  });

  it('has the form of one that iron-session makes', async () => {
    const theirs = await sealData(value, { password: 'x'.repeat(64), ttl: TTL_SECONDS });
    const formOf = (seal: string) =>
      seal
        .split('*')
        .map((part, index) => (index === 0 ? part : part.length))
        // The key's id.
        .toSpliced(1, 1);
    expect(formOf(sealerOf().seal(value))).toEqual(formOf(theirs));
  });

  it('fits into a cookie', () => {
    const seal = sealerOf().seal({ token: 'x'.repeat(43), name: 'x'.repeat(43) });
    expect(seal.length).toBeLessThan(1_000);
    expect(seal).toMatch(/^[\w.~*-]+$/);
  });

  it('does not open for another purpose', async () => {
    const seal = sealerOf([NEWEST], 'attempt cookie').seal(value);
    expect(await sealerOf([NEWEST], 'session cookie').unseal(seal)).toBeNull();
  });

  it('does not open with another schema', async () => {
    const options = { purpose: 'attempt cookie', ttlSeconds: TTL_SECONDS } as const;
    const secrets = [NEWEST] as const;
    const other = createSealer({ ...options, secrets, schema: z.object({ token: z.number() }) });
    expect(await sealerOf().unseal(other.seal({ token: 1 }))).toBeNull();
    const wider = createSealer({ ...options, secrets, schema: z.looseObject({}) });
    expect(await sealerOf().unseal(wider.seal({ token: 'a', isAdmin: true }))).toBeNull();
  });

  it('opens until it expires and not after', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const seal = sealerOf().seal(value);
    vi.advanceTimersByTime((TTL_SECONDS - 1) * 1_000);
    expect(await sealerOf().unseal(seal)).toHaveProperty('value', value);
    vi.advanceTimersByTime((SKEW_SECONDS + 2) * 1_000);
    expect(await sealerOf().unseal(seal)).toBeNull();
  });

  it('keeps its expiry when the configured lifetime changes', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const seal = sealerOf([NEWEST], 'attempt cookie', 60).seal(value);
    vi.advanceTimersByTime((60 + SKEW_SECONDS + 1) * 1_000);
    expect(await sealerOf([NEWEST], 'attempt cookie', 86_400).unseal(seal)).toBeNull();
  });
});

describe('a memoized seal', () => {
  it.each(['made', 'opened'])(
    'opens without another key derivation once it was %s',
    async (how) => {
      const sealer = sealerOf();
      const seal = (how === 'made' ? sealer : sealerOf()).seal(value);
      expect(await sealer.unseal(seal)).toHaveProperty('value', value);
      const derive = vi.spyOn(crypto.subtle, 'deriveKey');
      onTestFinished(() => derive.mockRestore());
      expect(await sealer.unseal(seal)).toHaveProperty('value', value);
      expect(derive).not.toHaveBeenCalled();
      expect(await sealerOf().unseal(seal)).toHaveProperty('value', value);
      expect(derive).toHaveBeenCalled();
    },
  );

  it('does not open for longer than any other', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const sealer = sealerOf();
    const seal = sealer.seal(value);
    vi.advanceTimersByTime((TTL_SECONDS - 1) * 1_000);
    expect(await sealer.unseal(seal)).toHaveProperty('value', value);
    vi.advanceTimersByTime((SKEW_SECONDS + 2) * 1_000);
    expect(await sealer.unseal(seal)).toBeNull();
  });

  it('does not open a slightly different text', async () => {
    const sealer = sealerOf();
    const seal = sealer.seal(value);
    const end = Number(seal.split('*')[5]);
    expect(await sealer.unseal(seal.replace(String(end), String(end + 1)))).toBeNull();
    expect(await sealer.unseal(`${seal} `)).toBeNull();
  });
});

describe('several secrets', () => {
  it('open seals of older ones and seal with the newest', async () => {
    const old = sealerOf([OLDER]).seal(value);
    expect(await sealerOf([NEWEST, OLDER]).unseal(old)).toHaveProperty('value', value);
    const fresh = sealerOf([NEWEST, OLDER]).seal(value);
    expect(await sealerOf([NEWEST, OLDER]).unseal(fresh)).toHaveProperty('value', value);
    expect(await sealerOf([NEWEST]).unseal(fresh)).toHaveProperty('value', value);
    expect(await sealerOf([OLDER]).unseal(fresh)).toBeNull();
  });

  it('seal with the first of the list', async () => {
    const fresh = sealerOf([OLDER, NEWEST]).seal(value);
    expect(await sealerOf([OLDER]).unseal(fresh)).toHaveProperty('value', value);
    expect(await sealerOf([NEWEST]).unseal(fresh)).toBeNull();
  });

  it('do not open seals of a removed one', async () => {
    const old = sealerOf([OLDER]).seal(value);
    expect(await sealerOf([NEWEST]).unseal(old)).toBeNull();
  });

  it('can be reordered without invalidating seals', async () => {
    const before = sealerOf([NEWEST, OLDER]).seal(value);
    expect(await sealerOf([OLDER, NEWEST]).unseal(before)).toHaveProperty('value', value);
  });
});

describe('a seal of an older secret', () => {
  const MINUTE_MS = 60_000;
  const endOf = (seal: string) => Number(seal.split('*')[5]);

  /** A seal of the older secret, opened and re-sealed by a sealer with a newer one. */
  async function resealed(ageMs = 0, ttlSeconds = TTL_SECONDS) {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_900_000_000_000 });
    const old = sealerOf([OLDER]).seal(value);
    vi.advanceTimersByTime(ageMs);
    const sealer = sealerOf([NEWEST, OLDER], 'attempt cookie', ttlSeconds);
    const unsealed = await sealer.unseal(old);
    return { old, sealer, again: unsealed === null ? null : sealer.reseal(unsealed) };
  }

  it('is distinguished from one of the newest, at first and when memoized', async () => {
    const sealer = sealerOf([NEWEST, OLDER]);
    const [old, fresh] = [sealerOf([OLDER]).seal(value), sealerOf([NEWEST]).seal(value)];
    for (const _time of ['first', 'second']) {
      expect(await sealer.unseal(old)).toMatchObject({ isOld: true, endsAt: endOf(old) });
      expect(await sealer.unseal(fresh)).toMatchObject({ isOld: false, endsAt: endOf(fresh) });
    }
    expect(await sealer.unseal(sealer.seal(value))).toHaveProperty('isOld', false);
  });

  it('is re-sealed with the newest, with the same value', async () => {
    const { sealer, again } = await resealed();
    const seal = again?.seal ?? '';
    expect(await sealerOf([NEWEST]).unseal(seal)).toMatchObject({ value, isOld: false });
    expect(await sealer.unseal(seal)).toMatchObject({ value, isOld: false });
    expect(await sealerOf([OLDER]).unseal(seal)).toBeNull();
  });

  it.each([0, 1, 999, 1_000, 1_001, 5 * MINUTE_MS + 17, TTL_SECONDS * 1_000 - 1_000])(
    'keeps its expiry when it is re-sealed at the age of %i ms',
    async (ageMs) => {
      const { old, again } = await resealed(ageMs);
      const end = endOf(again?.seal ?? '');
      expect(end).toBe(Date.now() + (again?.leftSeconds ?? 0) * 1_000);
      expect(endOf(old) - end).toBeGreaterThanOrEqual(0);
      expect(endOf(old) - end).toBeLessThan(1_000);
    },
  );

  it.each([TTL_SECONDS * 1_000 - 999, TTL_SECONDS * 1_000, (TTL_SECONDS + 59) * 1_000])(
    'is not re-sealed at the age of %i ms, with less than a second left',
    async (ageMs) => {
      const { old, sealer, again } = await resealed(ageMs);
      expect(await sealer.unseal(old)).not.toBeNull();
      expect(again).toBeNull();
    },
  );

  it('gets at most the lifetime of a new one, whatever its expiry', async () => {
    const { again } = await resealed(0, 60);
    expect(again?.leftSeconds).toBe(60);
  });
});

describe('an invalid seal opens to null and never throws', () => {
  const sealer = sealerOf();

  it.each([
    '',
    ' ',
    '~2',
    '~',
    '*',
    '*******',
    'Fe26.2',
    'Fe26.2*',
    'Fe26.2**********',
    'Fe26.2*******~2',
    'Fe26.2**a*b*c*0*d*e~2',
    'Fe26.2*1*a*b*c*notanumber*d*e~2',
    'Fe26.2*1*a*b*c*-1*d*e',
    `Fe26.2*1*${'a'.repeat(64)}*${'b'.repeat(22)}*c*${Date.now() + 100_000}*d*e~2`,
    'Fe26.2*__proto__*a*b*c*9999999999999*d*e~2',
    'Fe26.2*constructor*a*b*c*9999999999999*d*e~2',
    'Fe26.1*1*a*b*c*9999999999999*d*e~2',
    'Fe26.3*1*a*b*c*9999999999999*d*e~2',
    'Fe26.2*!*a*b*c*9999999999999*d*e~2',
    'undefined',
    'null',
    '{}',
    '{"token":"a"}',
    '%',
    '\u0000',
    '日本語',
    '\ud800',
    'a'.repeat(4_096),
    'a'.repeat(4_097),
    `Fe26.2*${'*'.repeat(4_000)}`,
  ])('%j', async (text) => {
    expect(await sealer.unseal(text)).toBeNull();
  });

  it('for any text', async () => {
    const part = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('1', '~2', '~', '*', ''));
    const iron = fc
      .array(part, { minLength: 5, maxLength: 9 })
      .map((parts) => ['Fe26.2', ...parts].join('*'));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), iron), async (text) => {
        expect(await sealer.unseal(text)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it('truncated at any position', async () => {
    const seal = sealer.seal(value);
    for (let length = 0; length < seal.length; length += 1) {
      expect(await sealer.unseal(seal.slice(0, length)), String(length)).toBeNull();
    }
  });

  it('with any character changed, removed or added', async () => {
    const seal = sealer.seal(value);
    const change = fc.record({
      at: fc.nat(seal.length),
      text: fc.string({ unit: 'grapheme-ascii', maxLength: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, text }) => {
        const changed = seal.slice(0, at) + text + seal.slice(at + 1);
        fc.pre(changed !== seal);
        expect(await sealer.unseal(changed)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it('with the last character of its digest changed to one that decodes to the same bytes', async () => {
    const seal = sealer.seal(value);
    const at = seal.length - 3;
    for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
      const changed = `${seal.slice(0, at)}${character}~2`;
      const unsealed = await sealer.unseal(changed);
      expect(unsealed?.value).toEqual(changed === seal ? value : undefined);
    }
  });

  it('that is longer than any cookie, even if valid', async () => {
    const seal = sealer.seal({ token: 'x'.repeat(5_000) });
    expect(await sealer.unseal(seal)).toBeNull();
  });
});
