import { describe, expect, it } from 'vitest';
import { createToken, deriveToken, hashToken } from './token.ts';

const TOKEN = /^[\w-]{43}$/;

describe('a token', () => {
  it('is 256 random bits in base64url', () => {
    const tokens = Array.from({ length: 1_000 }, createToken);
    expect(tokens.every((token) => TOKEN.test(token))).toBe(true);
    expect(new Set(tokens).size).toBe(1_000);
    expect(Buffer.from(tokens[0] ?? '', 'base64url')).toHaveLength(32);
  });

  it('has a deterministic hash', () => {
    const token = createToken();
    expect(hashToken(token)).toBe(hashToken(token));
    expect(hashToken(token)).not.toBe(token);
    expect(hashToken(token)).not.toBe(hashToken(createToken()));
    expect(hashToken('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
  });

  it('derives the same token each time, and a different one for each purpose', () => {
    const token = createToken();
    expect(deriveToken(token, 'session')).toBe(deriveToken(token, 'session'));
    const derived = [
      token,
      hashToken(token),
      deriveToken(token, 'session'),
      deriveToken(token, 'attempt a'),
      deriveToken(createToken(), 'session'),
    ];
    expect(new Set(derived).size).toBe(derived.length);
    expect(derived.every((each) => TOKEN.test(each))).toBe(true);
  });
});
