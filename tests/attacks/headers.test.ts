import { describe, expect, it } from 'vitest';
import { appOrigin, logIn, vendor } from '#tests/support/servers.ts';
import { randomNetwork, randomPhoneNumber } from '#tests/support/visitor.ts';
import {
  expectHarmless,
  forEachOf,
  isNextHost,
  isRefusedByNext,
  ownPage,
  type RawRequest,
  send,
} from './send.ts';

/** Headers that some framework, proxy or application has trusted. */
const headers: readonly (readonly [name: string, value: string])[] = [
  ['x-middleware-subrequest', 'middleware'],
  ['x-middleware-subrequest', 'proxy:proxy:proxy:proxy:proxy'],
  ['x-middleware-subrequest', 'src/middleware:src/middleware:src/middleware:src/middleware'],
  ['x-middleware-subrequest-id', '0'],
  ['x-middleware-next', '1'],
  ['x-middleware-rewrite', '/account'],
  ['x-middleware-override-headers', 'cookie'],
  ['x-middleware-request-cookie', 'call-login-session=1'],
  ['x-middleware-set-cookie', 'call-login-session=1'],
  ['x-middleware-prefetch', '1'],
  ['x-nextjs-data', '1'],
  ['x-nextjs-rewritten-path', '/account'],
  ['x-matched-path', '/account'],
  ['x-invoke-path', '/account'],
  ['x-invoke-status', '200'],
  ['x-invoke-output', '/account'],
  ['x-now-route-matches', '1=account'],
  ['x-prerender-revalidate', 'x'],
  ['next-resume', '1'],
  ['next-url', '/account'],
  ['next-action', '0'.repeat(42)],
  ['rsc', '1'],
  ['next-router-prefetch', '1'],
  ['next-router-segment-prefetch', '/_tree'],
  ['next-router-segment-prefetch', '/account/__PAGE__'],
  ['next-router-state-tree', '%5B%22%22%2C%7B%7D%5D'],
  ['next-router-state-tree', '{'],
  ['next-hmr-refresh', '1'],
  ['x-forwarded-host', 'evil.example'],
  ['x-forwarded-proto', 'javascript'],
  ['x-forwarded-port', '1'],
  ['forwarded', 'host=evil.example;proto=http;for=127.0.0.1'],
  ['x-host', 'evil.example'],
  ['host', 'evil.example'],
  ['host', '127.0.0.1:1'],
  ['x-original-url', '/account'],
  ['x-rewrite-url', '/account'],
  ['x-http-method-override', 'DELETE'],
  ['authorization', 'Bearer sandbox-key'],
  ['x-user', 'admin'],
  ['range', 'bytes=0-10'],
  ['content-security-policy', 'script-src *'],
  ['expect', '100-continue'],
];

const paths = [
  '/',
  '/account',
  '/account?_rsc=1',
  '/account.rsc',
  '/account.segments/_tree.segment.rsc',
  '/account.segments/account/__PAGE__.segment.rsc',
  '/_next/data/build/account.json',
  '/_next/image?url=%2Ficon.svg&w=64&q=75',
  '/_next/image?url=http%3A%2F%2F127.0.0.1%2F&w=64&q=75',
  '/login',
  '/login?next=/account',
  '/api/auth/status',
  '/api/auth/session',
  '/api/auth/sessions',
  '/api/auth/sessions/somebody',
  '/api/auth/sessions/seen',
  '/api/language',
];

/** Pairs each header with another one, since some vulnerabilities need two. */
const companions: readonly (readonly (readonly [string, string])[])[] = [
  [],
  [['rsc', '1']],
  [['x-nextjs-data', '1']],
];

const refusals = [301, 303, 307, 308, 404, 405];

describe('headers that other software has trusted', () => {
  const requests = headers.flatMap((header) =>
    paths.flatMap((path) =>
      companions.map((companion): RawRequest & { path: string } => ({
        path,
        method: header[0] === 'next-action' ? 'POST' : 'GET',
        headers: [...ownPage, header, ...companion],
      })),
    ),
  );

  it(`show an anonymous visitor no personal data, in ${requests.length} requests`, async () => {
    const phoneNumber = randomPhoneNumber();
    const visitor = await logIn(phoneNumber);
    const { user } = await (await visitor.fetch('/api/auth/session')).json();
    expect(requests.length).toBeGreaterThanOrEqual(2_000);
    await forEachOf(requests, async (request) => {
      const answer = await send(request);
      const what = `${request.method} ${request.path} ${request.headers?.slice(3).join(' ')}`;
      expectHarmless(answer, what);
      expect(answer.text.includes(user.id) || answer.text.includes(phoneNumber), what).toBe(false);
      expect(answer.setCookies, what).toEqual([]);
      expect(answer.headers.location ?? '/', what).toMatch(/^\/(?![/\\])/);
      expect(answer.text, what).not.toContain('evil.example');
      if (answer.headers['x-middleware-skip'] === '1') {
        // Next answers its own prefetch header, with nothing.
        expect([isNextHost, answer.text], what).toEqual([true, '{}']);
      } else if (request.path.startsWith('/account') || request.path.startsWith('/_next')) {
        expect(isRefusedByNext(answer) ? [500] : refusals, what).toContain(answer.status);
      } else if (request.path.startsWith('/api')) {
        expect(answer.status, what).toBeGreaterThanOrEqual(300);
      }
      if (answer.headers['content-type']?.startsWith('text/html')) {
        expect(answer.headers['content-security-policy'], what).toMatch(/script-src 'nonce-/);
        expect(answer.headers['content-security-policy'], what).not.toContain('*');
      }
    });
  }, 600_000);

  it('do not change the callback address sent to the vendor', async () => {
    const without: string[] = [];
    await forEachOf(
      headers,
      async (header) => {
        const phoneNumber = randomPhoneNumber();
        await send({
          method: 'POST',
          path: '/api/auth/start',
          headers: [
            ...ownPage,
            ['content-type', 'application/json'],
            ['x-forwarded-for', randomNetwork()],
            header,
          ],
          body: JSON.stringify({ phone_number: phoneNumber }),
        });
        const [created] = await vendor.sessions(phoneNumber);
        if (created === undefined) {
          without.push(header.join(': '));
        } else {
          expect(created.callback_url, header.join(': ')).toMatch(
            new RegExp(`^${appOrigin}/api/auth/callback/[\\w-]{43}$`),
          );
        }
      },
      2,
    );
    // Next answers these by itself, and never asks us.
    expect(without).toEqual(isNextHost ? ['x-middleware-prefetch: 1', 'rsc: 1'] : []);
  });
});

describe.skipIf(isNextHost)('the Next-Router-State-Tree header, on the Node host', () => {
  const state = encodeURIComponent('["",{"children":["login",{"children":["__PAGE__",{}]}]}]');
  const unreadable: Readonly<Record<string, readonly string[]>> = {
    'not JSON': ['{'],
    'not decodable': ['%'],
    empty: [''],
    'of another shape': [encodeURIComponent('["",1]')],
    'sent twice': [state, state],
    'a comma-separated list': [`${state}, ${state}`],
    // Next would take seconds to parse it.
    'a thousand deep': [`${'["",{"a":'.repeat(1_000)}["",{}]${'}]'.repeat(1_000)}`],
  };

  async function ask(path: string, states: readonly string[]) {
    const headers = states.map((value) => ['next-router-state-tree', value] as const);
    return await send({ path, headers: [...ownPage, ['rsc', '1'], ...headers] });
  }

  it.each(Object.entries(unreadable))(
    'is ignored, and the whole page sent, when it is %s',
    async (_name, states) => {
      // The address of the page data depends on the request headers.
      const { location } = (await ask('/login', [])).headers;
      const answer = await ask('/login', states);
      expect(answer.status).toBe(307);
      expect(answer.headers.location).toBe(location);
      const whole = await ask(location ?? '', states);
      expect(whole.status).toBe(200);
      expect(whole.headers['content-type']).toBe('text/x-component');
    },
  );

  it('is used when Next wrote it', async () => {
    const { location } = (await ask('/login', [state])).headers;
    expect(location).not.toBe((await ask('/login', [])).headers.location);
    expect((await ask(location ?? '', [state])).status).toBe(200);
  });
});

describe('framework features with known vulnerabilities', () => {
  it.each([
    '/_next/image?url=%2Ficon.svg&w=64&q=75',
    '/_next/image?url=http%3A%2F%2F169.254.169.254%2F&w=64&q=75',
    '/_next/image?url=%2F%2Fevil.example%2Fa.avif&w=64&q=75',
    '/_vercel/image?url=%2Ficon.svg&w=64&q=75',
  ])('the image optimizer is disabled: %s', async (path) => {
    expect((await send({ path })).status).toBe(404);
  });

  it.each(['text/plain', 'multipart/form-data; boundary=b', 'application/x-www-form-urlencoded'])(
    'a server action request is refused without reading its arguments: %s',
    async (contentType) => {
      const answer = await send({
        method: 'POST',
        path: '/login',
        headers: [...ownPage, ['next-action', '7f'.repeat(21)], ['content-type', contentType]],
        body: '--b\r\nContent-Disposition: form-data; name="0"\r\n\r\n{"then":"$1:__proto__:then"}\r\n--b--\r\n',
      });
      expect(answer.status).toBe(405);
      expect(answer.text).toBe('');
    },
  );
});
