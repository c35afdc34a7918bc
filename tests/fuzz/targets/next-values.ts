import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { ownPath } from '#lib/http/own-path.ts';
import { defineTarget } from '../target.ts';

const FALLBACK = '/account';

/** Every kind of origin that a deployment can have. */
const origins = [
  'https://login.example',
  'http://localhost:3000',
  'https://xn--r8jz45g.example:8443',
  'http://[::1]:8080',
];

const pieces = [
  ...['/', '/', '/', '\\', '\\\\', '//', '.', '..', '/.', '/..', '@', ':', '?', '#', '&', ';', '='],
  ...['\t', '\n', '\r', '\0', '\u000b', ' ', '\u00a0', '\u2028', '\ufeff', '\u200b', '\u202e'],
  ...['%2f', '%2F', '%5c', '%09', '%0d%0a', '%00', '%2e', '%2E%2e', '%', '%zz', '%ff', '%c0%af'],
  ...['evil.example', 'evil.example:443', 'login.example', 'this-site.invalid', 'localhost'],
  ...['user:pw@', 'javascript:', 'https:', 'http:', 'data:,', 'file:', 'account', 'login', 'api'],
  ...[
    '／',
    '＼',
    '。',
    '．',
    '⁄',
    '∕',
    '\ud800',
    '\udfff',
    '日本',
    'é',
    '[::1]',
    '0x7f.1',
    'next=',
  ],
];

const values = fc
  .oneof(
    { weight: 4, arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 9 }) },
    {
      weight: 4,
      arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 9 }).map((all) => ['/', ...all]),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map((text) => ['/', text]) },
    {
      weight: 1,
      arbitrary: fc
        .webUrl({ withQueryParameters: true, withFragments: true })
        .map((text) => [text]),
    },
    { weight: 1, arbitrary: fc.webPath().map((text) => [text]) },
  )
  .map((parts) => parts.join(''));

export const nextValues = defineTarget({
  name: 'next-values',
  holds: 'on any origin, browsers resolve a `next` to our own path, or the fallback is used',
  batchSize: 5_000,
  open: () => ({ values, check }),
});

function check(text: string): void {
  const path = ownPath(text, FALLBACK);
  assert.match(path, /^\/(?![/\\])/, 'is not a path');
  // It is sent in a Location header.
  assert.match(path, /^[\x21-\x7e]*$/, 'is not fit for a header');
  for (const origin of origins) {
    assert.equal(new URL(path, `${origin}/login`).origin, origin, 'leaves the site');
  }
  assert.equal(ownPath(path, FALLBACK), path, 'is not idempotent');
  assert.equal(path, expected(text), 'is not what browsers would open');
}

/** The path a browser would open, if it is the same own path on all origins; else the fallback. */
function expected(text: string): string {
  const paths = origins.map((origin) => {
    if (!text.startsWith('/') || !URL.canParse(text, `${origin}/login`)) {
      return FALLBACK;
    }
    const url = new URL(text, `${origin}/login`);
    const isOwn = url.href.startsWith(`${origin}/`) && !url.href.startsWith(`${origin}//`);
    return isOwn ? `${url.pathname}${url.search}${url.hash}` : FALLBACK;
  });
  // An absolute URL of one of the origins is not a path: `ownPath` does not know the origin.
  return new Set(paths).size === 1 ? (paths[0] ?? FALLBACK) : FALLBACK;
}
