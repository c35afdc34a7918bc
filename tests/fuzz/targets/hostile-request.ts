import { randomInt } from 'node:crypto';
import * as fc from 'fast-check';
import { type Reply, replies, wrap } from './reply-grammar.ts';

export const ATTEMPT_COOKIE = 'call-login-attempt';
const SESSION_COOKIE = 'call-login-session';

/** The route handlers and pages, with their methods. */
const routes = [
  { method: 'POST', path: '/api/auth/start' },
  { method: 'GET', path: '/api/auth/status' },
  { method: 'POST', path: '/api/auth/cancel' },
  { method: 'POST', path: '/api/auth/callback/token' },
  { method: 'GET', path: '/api/auth/session' },
  { method: 'POST', path: '/api/auth/logout' },
  { method: 'DELETE', path: '/api/auth/sessions' },
  { method: 'DELETE', path: '/api/auth/sessions/5f0c' },
  { method: 'POST', path: '/api/auth/sessions/seen' },
  { method: 'POST', path: '/api/language' },
  { method: 'GET', path: '/api/health' },
  { method: 'GET', path: '/login' },
  { method: 'GET', path: '/account' },
  { method: 'GET', path: '/' },
] as const;

interface CookieEdit {
  name: string;
  /** The position and text of a replacement; null for an unchanged cookie. */
  change: { at: number; drop: number; text: string } | null;
  source: 'attempt' | 'garbage';
}

/** A request of our own pages with modifications. */
export interface HostileRequest {
  route: (typeof routes)[number];
  method: string | null;
  pathEdit: { at: number; text: string } | null;
  headers: readonly string[];
  cookies: readonly CookieEdit[];
  body: Reply | { form: readonly (readonly [string, string])[] } | string;
  contentType: string | null;
  length: 'right' | 'none' | 'too_small' | 'chunked';
}

const bodies = replies({
  usual: { phone_number: ['090-1234-5678', '+819012345678', '110', ''] },
  names: ['phone_number', 'country', 'until', 'language', '__proto__', 'session_id', 'constructor'],
  texts: [
    '090-1234-5678',
    '+819012345678',
    '110',
    '',
    'JP',
    'XX',
    'jp',
    '2026-11-01T00:00:00Z',
    '275760-09-13T00:00:00Z',
    '+275760-09-13T00:00:00.000Z',
    'ja',
    'en',
    'x'.repeat(5_000),
  ],
});
const text = fc.oneof(
  fc.constantFrom(
    '/',
    '//',
    '/.',
    '/..',
    '%2e%2e',
    '%2f',
    '%00',
    '%',
    '%ff',
    '\\',
    ';',
    '?',
    '#',
    '.json',
    '.rsc',
    '.svg',
    '/_next/data',
    '?next=//evil.example',
    '?next=%2F%5Cevil',
    '&a=b',
    'é',
    '?_rsc=1',
    '*',
  ),
  fc.string({ unit: 'grapheme-ascii', maxLength: 5 }),
  fc.constant('a'.repeat(20_000)),
);
const segmentName = fc.oneof(
  fc.constantFrom('', 'login', 'account', '__PAGE__', '__DEFAULT__', '__proto__', '(group)'),
  fc.string({ maxLength: 4 }),
);
const { state: routerStates } = fc.letrec<{ state: unknown }>((tie) => ({
  /** Router state trees as Next writes them, and similar ones. */
  state: fc.tuple(
    fc.oneof(
      segmentName,
      fc.tuple(segmentName, segmentName, fc.constantFrom('d', 'oc', 'x'), fc.constant(null)),
    ),
    fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>({}, [], null),
      fc.dictionary(fc.constantFrom('children', '__proto__', 'x'), tie('state'), { maxKeys: 2 }),
    ),
    fc.constantFrom(null, ['/account', '']),
    fc.constantFrom(null, 'refetch', 'inside-shared-layout', 'metadata-only', 'x'),
  ),
}));
const headers = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom(
        ...[
          'sec-fetch-site: same-origin',
          'sec-fetch-site: cross-site',
          'sec-fetch-site: none',
          'sec-fetch-site: same-origin, same-origin',
          'sec-fetch-dest: empty',
          'sec-fetch-dest: image',
          'sec-fetch-mode: navigate',
        ],
        ...[
          'origin: null',
          'origin: https://evil.example',
          'x-requested-with: fetch',
          'host: evil.example',
          'host: ',
          'x-forwarded-host: evil.example',
          'x-forwarded-proto: https',
          'x-forwarded-for: ::1, 10.0.0.1',
          'x-forwarded-for: x',
          'forwarded: for=10.0.0.1',
        ],
        ...[
          'x-middleware-subrequest: proxy:proxy:proxy:proxy:proxy',
          'x-middleware-rewrite: /account',
          'x-middleware-next: 1',
          'x-nextjs-data: 1',
          'x-matched-path: /account',
          'x-invoke-path: /account',
          'x-now-route-matches: 1=x',
          'rsc: 1',
          'next-router-prefetch: 1',
          'next-router-prefetch: 2',
          'next-router-prefetch: x',
          'next-router-segment-prefetch: /_tree',
          'next-router-segment-prefetch: /../__proto__',
          'next-router-state-tree: %5B%22%22%2C%7B%7D%5D',
          'next-router-state-tree: {',
          'next-router-state-tree: ',
          `next-router-state-tree: ${'["",{"a":'.repeat(400)}["",{}]${'}]'.repeat(400)}`,
          'next-url: /account',
          'next-url: //evil.example',
          'next-url: %',
          `next-action: ${'7f'.repeat(21)}`,
          'next-action: ',
          'next-hmr-refresh: 1',
          'next-resume: 1',
          "content-security-policy: script-src 'nonce-<>'",
        ],
        'rsc: 1',
        ...[
          'accept-language: *',
          'accept-language: ja;q=2, x-x-x',
          `accept-language: ${'a-'.repeat(2_000)}`,
          'accept: text/x-component',
          'accept-encoding: gzip',
          'if-none-match: *',
          'range: bytes=0-1',
          'expect: 100-continue',
          'te: trailers',
          'user-agent: ',
          `user-agent: ${'M'.repeat(4_000)}`,
          'x-http-method-override: DELETE',
          'content-encoding: gzip',
          'cookie: a',
          'cookie: =; ;;',
          `cookie: ${'x=y; '.repeat(500)}`,
          'authorization: Bearer x',
          'purpose: prefetch',
        ],
      ),
    },
    {
      weight: 1,
      arbitrary: routerStates.map(
        (state) => `next-router-state-tree: ${encodeURIComponent(JSON.stringify(state))}`,
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.stringMatching(/^[a-z-]{1,12}$/), fc.string({ unit: 'binary', maxLength: 12 }))
        .map((pair) => pair.join(': ')),
    },
  ),
  { maxLength: 4 },
);
const cookieEdits: fc.Arbitrary<CookieEdit> = fc.record({
  name: fc.constantFrom(
    ATTEMPT_COOKIE,
    ATTEMPT_COOKIE,
    SESSION_COOKIE,
    'language',
    '__Host-call-login-session',
    `${ATTEMPT_COOKIE} `,
  ),
  change: fc.option(
    fc.record({
      at: fc.nat(400),
      drop: fc.nat(5),
      text: fc.oneof(
        fc.constantFrom('', '*', '~', '%', ',', '"'),
        fc.string({ unit: 'binary', maxLength: 4 }),
      ),
    }),
  ),
  source: fc.constantFrom('attempt', 'attempt', 'garbage'),
});
export const hostileRequests: fc.Arbitrary<HostileRequest> = fc.record({
  route: fc.constantFrom(...routes),
  method: fc.option(
    fc.constantFrom(
      'TRACE',
      'GET',
      'HEAD',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'PROPFIND',
      'QUERY',
    ),
    { freq: 3 },
  ),
  pathEdit: fc.option(fc.record({ at: fc.nat(30), text }), { freq: 3 }),
  headers,
  cookies: fc.array(cookieEdits, { maxLength: 3 }),
  body: fc.oneof(
    { weight: 4, arbitrary: bodies },
    {
      weight: 1,
      arbitrary: fc.record({
        form: fc.array(
          fc.tuple(
            fc.constantFrom('language', 'back', 'x'),
            fc.oneof(
              text,
              fc.constantFrom('ja', 'en', '/account', '//evil.example', '/\\evil.example'),
            ),
          ),
          { maxLength: 3 },
        ),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.oneof(
        fc.string({ unit: 'binary', maxLength: 100 }),
        fc.constant('['.repeat(4_000)),
        fc.constant(' '.repeat(100_000)),
      ),
    },
  ),
  contentType: fc.option(
    fc.constantFrom(
      'application/json',
      'application/json',
      'application/json; charset=utf-16',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonp',
      '\t',
    ),
    { freq: 8 },
  ),
  length: fc.constantFrom('right', 'right', 'right', 'right', 'none', 'too_small', 'chunked'),
});

/** The bytes of the request. @param attemptCookie the cookie of a pending attempt. */
export function write(request: HostileRequest, origin: URL, attemptCookie: string): Buffer {
  const { route, pathEdit, cookies, contentType } = request;
  const path =
    pathEdit === null
      ? route.path
      : route.path.slice(0, pathEdit.at) + pathEdit.text + route.path.slice(pathEdit.at);
  const body = Buffer.from(bodyOf(request.body));
  const isNamed = request.headers.some((header) => header.startsWith('host:'));
  const lines = [
    `${request.method ?? route.method} ${path.replace(/[\r\n ]/g, '')} HTTP/1.1`,
    ...(isNamed ? [] : [`host: ${origin.host}`]),
    `x-forwarded-for: 10.0.${randomInt(256)}.1`,
    ...(request.headers.some((header) => /^(?:sec-fetch-site|origin)/.test(header))
      ? []
      : ['sec-fetch-site: same-origin', 'sec-fetch-dest: empty']),
    ...request.headers.map((header) => header.replace(/[\r\n]/g, '')),
    ...(cookies.length === 0
      ? []
      : [`cookie: ${cookies.map((edit) => writeCookie(edit, attemptCookie)).join('; ')}`]),
    ...(contentType === null ? [] : [`content-type: ${contentType}`]),
    'connection: close',
  ];
  const head = (more: string[]) => Buffer.from(`${[...lines, ...more].join('\r\n')}\r\n\r\n`);
  switch (request.length) {
    case 'right':
      return Buffer.concat([head([`content-length: ${body.length}`]), body]);
    case 'none':
      return head([]);
    case 'too_small':
      return Buffer.concat([head([`content-length: ${Math.floor(body.length / 2)}`]), body]);
    case 'chunked':
      return Buffer.concat([
        head(['transfer-encoding: chunked']),
        ...(body.length === 0
          ? []
          : [Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')]),
        Buffer.from('0\r\n\r\n'),
      ]);
  }
}

function bodyOf(body: HostileRequest['body']): string {
  if (typeof body === 'string') {
    return body;
  }
  return 'form' in body
    ? new URLSearchParams(body.form.map(([name, value]) => [name, value])).toString()
    : wrap(body);
}

function writeCookie({ name, change, source }: CookieEdit, attemptCookie: string): string {
  const value = source === 'attempt' ? attemptCookie : 'Fe26.2*1*x*y*z**w*v~2';
  const changed =
    change === null
      ? value
      : value.slice(0, change.at) + change.text + value.slice(change.at + change.drop);
  return `${name}=${changed.replace(/[\r\n]/g, '')}`;
}
