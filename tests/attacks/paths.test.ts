import { describe, expect, it } from 'vitest';
import { appOrigin, countVendorRequests, logIn, newVisitor } from '#tests/support/servers.ts';
import { randomPhoneNumber } from '#tests/support/visitor.ts';
import { expectHarmless, isNextHost, isRefusedByNext, ownPage, send, sendBytes } from './send.ts';
import { addressOf, personalRoutes } from './site.ts';

/** Other spellings of a path that an intermediary may treat as the same path. */
const spellings: Readonly<Record<string, (path: string) => string>> = {
  'two slashes': (path) => `/${path}`,
  'two slashes inside': (path) => path.replace(/(.)\//, '$1//'),
  'a trailing slash': (path) => `${path}/`,
  'a backslash': (path) => `/\\${path.slice(1)}`,
  'capital letters': (path) => path.toUpperCase(),
  'an encoded letter': (path) => path.replace(/[a-z](?=[a-z]*$)/, encoded),
  'an encoded slash': (path) => path.replaceAll('/', '%2f').replace('%2f', '/'),
  'an encoded slash, twice': (path) => path.replaceAll('/', '%252f').replace('%252f', '/'),
  'dot segments': (path) => `/nowhere/..${path}`,
  'encoded dot segments': (path) => `/nowhere/%2e%2e${path}`,
  'a dot segment': (path) => `/.${path}`,
  'a parameter': (path) => `${path};a=b`,
  '.json': (path) => `${path}.json`,
  '.rsc': (path) => `${path}.rsc`,
  '.html': (path) => `${path}.html`,
  '.svg': (path) => `${path}.svg`,
  'a NUL': (path) => `${path}%00`,
  'a newline': (path) => `${path}%0a`,
  'a broken encoding': (path) => `${path}%`,
  'an overlong encoding': (path) => path.replace(/\/(?=[^/]*$)/, '/%c0%af'),
  'a fragment': (path) => `${path}#x`,
  'another host': (path) => `http://evil.example${path}`,
  'our own host': (path) => `${appOrigin}${path}`,
  'a language in front': (path) => `/en${path}`,
  'the framework’s data': (path) => `/_next/data/build${path}.json`,
  'the framework’s server': (path) => `/_next/server/app${path}.html`,
  'around the static files': (path) => `/_next/static/..%2f..${path}`,
};

/** Spellings that reach the handler of the path, which then has to enforce the rules itself. */
const reaching: ReadonlySet<string> = new Set([
  'dot segments',
  'encoded dot segments',
  'a dot segment',
  'a fragment',
  // Next redirects these to the path as it writes it.
  ...(isNextHost ? [] : ['a trailing slash', 'another host', 'our own host']),
]);

function encoded(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16)}`;
}

/** The two routes that start an attempt: for scripts and for forms. */
const starts: Readonly<Record<string, { type: string; write: (phoneNumber: string) => string }>> = {
  '/api/auth/start': {
    type: 'application/json',
    write: (phoneNumber) => JSON.stringify({ phone_number: phoneNumber }),
  },
  '/login/start': {
    type: 'application/x-www-form-urlencoded',
    write: (phoneNumber) => new URLSearchParams({ phone_number: phoneNumber }).toString(),
  },
};

describe.each(Object.entries(spellings))('a path with %s', (name, spell) => {
  it('shows an anonymous visitor nothing and does not redirect to another site', async () => {
    for (const route of personalRoutes) {
      const path = spell(addressOf(route));
      const answer = await send({ path, headers: ownPage });
      expectHarmless(answer, path);
      expect(answer.setCookies, path).toEqual([]);
      const { location = '/' } = answer.headers;
      // Next sends who asks for a site by name there again.
      if (!(isNextHost && location === path)) {
        expect(location, path).toMatch(/^\/(?![/\\])/);
      }
      if (route.startsWith('/account') && !isRefusedByNext(answer)) {
        expect([307, 308, 404], path).toContain(answer.status);
      }
    }
  });

  /** Starts an attempt by this spelling. @returns the answer, and whether a vendor request was sent. */
  const start = async (route: string, from: { site: string; network: string }) => {
    const { type = '', write = String } = starts[route] ?? {};
    const phoneNumber = randomPhoneNumber();
    const answer = await send({
      method: 'POST',
      path: spell(route),
      headers: [
        ['sec-fetch-site', from.site],
        ['content-type', type],
        ['x-forwarded-for', from.network],
      ],
      body: write(phoneNumber),
    });
    expectHarmless(answer, spell(route));
    return { answer, hasStarted: (await countVendorRequests('create', phoneNumber)) > 0 };
  };

  it.each(Object.keys(starts))(
    reaching.has(name) ? 'reaches the handler of %s' : 'never reaches the handler of %s',
    async (route) => {
      const { network } = newVisitor();
      const { answer, hasStarted } = await start(route, { site: 'same-origin', network });
      expect(hasStarted).toBe(reaching.has(name));
      if (reaching.has(name)) {
        expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{16}$/);
      } else {
        expect(isRefusedByNext(answer) ? [500] : [308, 404, 405]).toContain(answer.status);
        // Answers of the API have a request id, those of Next do not.
        if (answer.headers['x-request-id'] !== undefined) {
          expect(JSON.parse(answer.text)).toMatchObject({ code: 'request_not_found' });
        }
      }
    },
  );

  it.each(Object.keys(starts))(
    'bypasses neither the origin check nor the limits of %s',
    async (route) => {
      const { network } = newVisitor();
      const crossSite = await start(route, { site: 'cross-site', network });
      expect(crossSite.hasStarted).toBe(false);
      const once = await start(route, { site: 'same-origin', network: blockedNetwork });
      expect(once.hasStarted).toBe(false);
    },
  );

  it('lets no other site end a session', async () => {
    const visitor = await logIn(randomPhoneNumber());
    for (const target of ['/api/auth/logout', '/api/auth/sessions', '/api/auth/sessions/seen']) {
      const answer = await send({
        method: target.endsWith('sessions') ? 'DELETE' : 'POST',
        path: spell(target),
        headers: [
          ['sec-fetch-site', 'cross-site'],
          ['cookie', visitor.cookieHeader()],
        ],
      });
      expectHarmless(answer, target);
      expect(answer.setCookies, target).toEqual([]);
    }
    expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
  });
});

/** A network that has used up its starts. */
const blockedNetwork = await (async () => {
  const visitor = newVisitor();
  for (let count = 0; count < 10; count += 1) {
    const { network } = visitor;
    await Object.assign(newVisitor(), { network }).start(randomPhoneNumber());
  }
  expect((await visitor.start(randomPhoneNumber())).status).toBe(429);
  return visitor.network;
})();

describe('files on the server’s disk', () => {
  it.each([
    '/.env',
    '/.env.production.local',
    '/.git/config',
    '/package.json',
    '/proxy.ts',
    '/.data/call-login.db',
    '/_next/server/app-paths-manifest.json',
    '/_next/static/../server/app-paths-manifest.json',
    '/_next/static/%2e%2e/server/app-paths-manifest.json',
    '/_next/static/..%2f..%2f..%2fpackage.json',
    '/_next/static/..%5c..%5cpackage.json',
    '/../../../../etc/passwd',
    '/_next/static/chunks/../../../../etc/passwd',
    '/__nextjs_source-map?filename=proxy.ts',
    '/__nextjs_original-stack-frames',
    '/_next/webpack-hmr',
    '/_next/mcp',
    '/_sandbox/sessions',
    '/_global-error',
    '/_not-found',
    '/_error',
    '/404',
    '/500',
  ])('are not served: %s', async (path) => {
    const answer = await send({ path });
    expect(answer.status).toBe(404);
    expect(answer.headers['cache-control']).toMatch(/no-store|^public, max-age=0/);
  });

  it('include no source maps of the pages', async () => {
    const { text } = await send({ path: '/login' });
    const scripts = [...text.matchAll(/\/_next\/static\/[\w./-]+\.js/g)].map(([path]) => path);
    expect(scripts.length).toBeGreaterThan(0);
    for (const path of new Set(scripts)) {
      expect((await send({ path: `${path}.map` })).status, path).toBe(404);
    }
  });
});

describe('a malformed request', () => {
  it.each([
    'GET * HTTP/1.1\r\nHost: a',
    'GET http://evil.example/account HTTP/1.1\r\nHost: evil.example',
    'GET //evil.example/%2e%2e HTTP/1.1\r\nHost: a',
    'GET /account HTTP/1.0',
    'GET /account HTTP/9.9\r\nHost: a',
    'GET /account\r\nHost: a',
    'GET  /account HTTP/1.1\r\nHost: a',
    'GET /account HTTP/1.1\r\nHost: a\r\nHost: b',
    'GET /account HTTP/1.1\r\nHost : a',
    'GET /account HTTP/1.1\r\n Host: a',
    'POST /api/auth/start HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked',
    'POST /api/auth/start HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6',
    'POST /api/auth/start HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity',
    'POST /api/auth/start HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked',
    'OPTIONS * HTTP/1.1\r\nHost: a',
    'PRI * HTTP/2.0',
  ])('is refused or answered normally: %j', async (head) => {
    const text = await sendBytes(appOrigin, `${head}\r\nConnection: close\r\n\r\n`);
    expect(text).toMatch(isNextHost ? /^$|^HTTP\/1\.1 ([234]|500)/ : /^$|^HTTP\/1\.1 [234]/);
    const isNamedByClient = isNextHost && head.startsWith('GET http://evil.example');
    expect(/location: .*evil/i.test(text)).toBe(isNamedByClient);
  });
});
