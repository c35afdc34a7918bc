import { createServer, type IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '#scripts/processes.ts';
import { appOrigin, logIn, newVisitor, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber } from '#tests/support/visitor.ts';
import { ownPage, type RawAnswer, send } from './send.ts';
import { addressOf, routes } from './site.ts';

/**
 * A careless shared cache: stores every answer that RFC 9111, section 3, does not forbid to store, never
 * expires it, and uses only the path as its key.
 */
const kept = new Map<string, RawAnswer>();
const cache = createServer(async (request, response) => {
  const { method = 'GET', url: path = '/' } = request;
  const known = method === 'GET' || method === 'HEAD' ? kept.get(path) : undefined;
  const headers = pairsOf(request.headers);
  const answer = known ?? (await send({ origin: appOrigin, method, path, headers }));
  if (method === 'GET' && mayBeStored(answer)) {
    kept.set(path, answer);
  }
  response.writeHead(answer.status, {
    ...(answer.headers['content-type'] && { 'content-type': answer.headers['content-type'] }),
    ...(answer.headers.location && { location: answer.headers.location }),
    ...(answer.setCookies.length > 0 && { 'set-cookie': [...answer.setCookies] }),
    'x-from-cache': known === undefined ? 'no' : 'yes',
  });
  response.end(answer.text);
});

/** Statuses that are cacheable by default (RFC 9110, section 15.1). */
const cacheableStatuses: ReadonlySet<number> = new Set([
  200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501,
]);

function mayBeStored({ status, headers }: RawAnswer): boolean {
  const control = headers['cache-control'] ?? '';
  const isCacheable = cacheableStatuses.has(status) || /max-age=[1-9]|public/.test(control);
  return isCacheable && !/no-store|private/.test(control);
}

function pairsOf(headers: IncomingHttpHeaders): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' && name !== 'connection' ? [[name, value] as [string, string]] : [],
  );
}

let cacheOrigin = '';
beforeAll(async () => {
  const port = await findFreePort();
  await new Promise<void>((resolve) => cache.listen(port, '127.0.0.1', resolve));
  cacheOrigin = `http://127.0.0.1:${port}`;
});
afterAll(() => void cache.close());

const throughCache = async (path: string, cookie = '', method = 'GET') =>
  await send({
    origin: cacheOrigin,
    method,
    path,
    headers: [...ownPage, ...(cookie === '' ? [] : ([['cookie', cookie]] as const))],
  });

/** Paths that a careless cache takes for static files or for another page. */
const disguised = (path: string) => [
  path,
  `${path}?a=b`,
  `${path}/style.css`,
  `${path}/x.svg`,
  `${path}%2fstyle.css`,
  `${path};x.js`,
  `${path}.js`,
  `${path}%00.png`,
  `/${path}`,
  `/x/..%2f..${path}`,
];

describe('a cache in front of the server', () => {
  it('serves no visitor what another visitor was shown', async () => {
    const phoneNumber = randomPhoneNumber();
    const visitor = await logIn(phoneNumber);
    await visitor.start(phoneNumber);
    const { user } = await (await visitor.fetch('/api/auth/session')).json();
    const own = [user.id, phoneNumber, `0${phoneNumber.slice(3, 5)}-${phoneNumber.slice(5, 9)}`];
    const paths = ['/account', '/login', '/', '/api/auth/session', '/api/auth/status'];
    let shown = 0;
    for (const path of paths.flatMap(disguised)) {
      const mine = await throughCache(path, visitor.cookieHeader());
      shown += own.some((text) => mine.text.includes(text)) ? 1 : 0;
      const theirs = await throughCache(path);
      expect(
        own.filter((text) => theirs.text.includes(text)),
        path,
      ).toEqual([]);
      expect(theirs.setCookies, path).toEqual([]);
    }
    expect(shown).toBeGreaterThan(0);
  });

  it('serves no other browser the answer that logged one in', async () => {
    const visitor = newVisitor();
    const phoneNumber = randomPhoneNumber();
    const { call_number } = await (await visitor.start(phoneNumber)).json();
    await vendor.call(phoneNumber, call_number);
    const mine = await throughCache('/api/auth/status', visitor.cookieHeader());
    expect(mine.setCookies.join()).toContain('call-login-session=');
    const theirs = await throughCache('/api/auth/status');
    expect([theirs.status, theirs.setCookies]).toEqual([404, []]);
  });

  it('is not poisoned by request headers', async () => {
    const poison = [
      ['x-forwarded-host', 'evil.example'],
      ['x-forwarded-proto', 'http'],
      ['x-middleware-prefetch', '1'],
      ['x-nextjs-data', '1'],
      ['rsc', '1'],
      ['next-url', '/evil.example'],
      ['x-invoke-status', '500'],
      ['accept-language', '<script>'],
    ] as const;
    for (const [index, header] of poison.entries()) {
      for (const path of ['/login', '/account', '/nowhere', '/api/auth/session']) {
        const address = `${path}?poison=${index}`;
        await send({ origin: cacheOrigin, path: address, headers: [...ownPage, header] });
        const clean = await send({ path: address, headers: ownPage });
        const next = await throughCache(address);
        expect([next.status, next.headers.location], address).toEqual([
          clean.status,
          clean.headers.location,
        ]);
        expect(next.text, address).not.toMatch(/evil\.example|<script>"/);
      }
    }
  });
});

describe('every personal answer', () => {
  it('forbids caching, whatever its status', async () => {
    const visitor = await logIn(randomPhoneNumber());
    for (const [route, methods] of Object.entries(routes)) {
      for (const method of new Set([...methods, 'GET', 'POST'])) {
        for (const cookie of [visitor.cookieHeader(), 'call-login-session=x', '']) {
          const path = addressOf(route);
          const headers = [...ownPage, ['cookie', cookie]] as const;
          const answer = await send({ method, path, headers });
          expect(answer.headers['cache-control'], `${method} ${path}`).toContain('no-store');
        }
      }
    }
  });

  it.each(['/nowhere', '/api/nowhere', '/account/nowhere', '/%', '/_next/static/nowhere.js'])(
    'and every answer for an unknown path forbid caching: %s',
    async (path) => {
      expect((await send({ path })).headers['cache-control']).toContain('no-store');
    },
  );
});
