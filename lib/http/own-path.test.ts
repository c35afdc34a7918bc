import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownPath } from './own-path.ts';

const FALLBACK = '/account';

describe('an own path', () => {
  it.each([
    ['/', '/'],
    ['/ok', '/ok'],
    ['/ok?x=1&y=%2F#z', '/ok?x=1&y=%2F#z'],
    ['/a/../b', '/b'],
    ['/a/%2e%2e/b', '/b'],
    ['/%2F/evil.example', '/%2F/evil.example'],
    ['/@evil.example', '/@evil.example'],
    ['/?next=https://evil.example', '/?next=https://evil.example'],
    ['/日本', '/%E6%97%A5%E6%9C%AC'],
  ])('%j becomes %s', (text, expected) => {
    expect(ownPath(text, FALLBACK)).toBe(expected);
  });
});

describe('anything else becomes the fallback', () => {
  it.each([
    undefined,
    '',
    'ok',
    '?x',
    '#x',
    '.',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '\\/evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/\r\\evil.example',
    '\t//evil.example',
    ' //evil.example',
    '/x/..//evil.example',
    '/.//evil.example',
    '/%2e//evil.example',
    '/x/../\\evil.example',
    'https://evil.example',
    'https:evil.example',
    'https:/evil.example',
    'HTTPS://EVIL.EXAMPLE',
    'javascript:alert(1)',
    'data:text/html,x',
    'mailto:a@b.example',
    '//this-site.invalid',
    '//this-site.invalid@evil.example',
    '//user:pw@this-site.invalid//evil.example',
  ])('%j', (text) => {
    expect(ownPath(text, FALLBACK)).toBe(FALLBACK);
  });
});

it('for any text, the path resolves to the same origin', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('/', '\\', '\t', '\n', '.', '%2f', '%5c', '@', ':', 'evil.example'), {
        maxLength: 8,
      })
      .map((parts) => `/${parts.join('')}`),
  );
  fc.assert(
    fc.property(text, (input) => {
      const path = ownPath(input, FALLBACK);
      for (const origin of ['https://login.example', 'http://localhost:3000']) {
        expect(new URL(path, origin).origin).toBe(origin);
      }
      expect(path).toMatch(/^\/(?![/\\])/);
      expect(ownPath(path, FALLBACK)).toBe(path);
    }),
    { numRuns: 3_000 },
  );
});
