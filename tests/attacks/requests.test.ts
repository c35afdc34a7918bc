import { describe, expect, it } from 'vitest';
import {
  appOrigin,
  countVendorRequests,
  logIn,
  newVisitor,
  vendor,
} from '#tests/support/servers.ts';
import { randomNetwork, randomPhoneNumber } from '#tests/support/visitor.ts';
import { expectHarmless, send } from './send.ts';
import { addressOf, writes } from './site.ts';

type Headers = readonly (readonly [name: string, value: string])[];

const site = (value: string): Headers => [['sec-fetch-site', value]];
const origin = (value: string): Headers => [['origin', value]];
const { port } = new URL(appOrigin);

/** Headers of requests that our own pages do not send. */
const foreign: Readonly<Record<string, Headers>> = {
  'another site': site('cross-site'),
  'a sibling site': site('same-site'),
  'the address bar': site('none'),
  'another site with our origin': [...site('cross-site'), ...origin(appOrigin)],
  'two sites at once': [...site('same-origin'), ...site('cross-site')],
  'an invalid value': site('same-origin; x'),
  'in capitals': site('SAME-ORIGIN'),
  'an empty site': site(''),
  'neither header': [],
  'a null origin': origin('null'),
  'an empty origin': origin(''),
  'another port': origin('http://localhost:1'),
  'another scheme': origin(`https://localhost:${port}`),
  'another host': origin('https://evil.example'),
  'our origin as a prefix': origin(`${appOrigin}.evil.example`),
  'our origin in the query': origin(`http://evil.example/?${appOrigin}`),
  'our origin as the user name': origin(`http://localhost:${port}@evil.example`),
  'a sibling host': origin(`http://www.localhost:${port}`),
  'a trailing dot': origin(`http://localhost.:${port}`),
  'a trailing slash': origin(`${appOrigin}/`),
  'our IP address': origin(`http://127.0.0.1:${port}`),
  'capital letters': origin(appOrigin.toUpperCase()),
  'two origins': [...origin(appOrigin), ...origin('https://evil.example')],
  'only our Referer': [['referer', `${appOrigin}/login`]],
  'a matching Host': [...origin('http://evil.example'), ['host', 'evil.example']],
  'a matching X-Forwarded-Host': [
    ...origin('http://evil.example'),
    ['x-forwarded-host', 'evil.example'],
  ],
};

/** Valid bodies of the writes that need one. */
const bodies: Readonly<Record<string, string>> = {
  '/api/auth/start': '{"phone_number":"090-0000-0000"}',
  '/api/auth/number': '{"phone_number":"090-0000-0000"}',
  '/api/auth/sessions/seen': '{"until":"2026-01-01T00:00:00Z"}',
  '/login/start': 'phone_number=090-0000-0000',
  '/api/language': 'language=en',
};

describe('a request that our own pages did not send', () => {
  it.each(Object.entries(foreign))('changes nothing: %s', async (_name, headers) => {
    const phoneNumber = randomPhoneNumber();
    const visitor = await logIn(phoneNumber);
    await visitor.start(phoneNumber);
    for (const { method, route } of writes) {
      const path = addressOf(route);
      const body = bodies[route] ?? '';
      for (const contentType of ['application/json', 'application/x-www-form-urlencoded']) {
        const answer = await send({
          method,
          path,
          body,
          headers: [
            ...headers,
            ['content-type', contentType],
            ['cookie', visitor.cookieHeader()],
            ['x-forwarded-for', randomNetwork()],
          ],
        });
        expectHarmless(answer, path);
        expect(answer.status, path).toBe(403);
        expect(answer.setCookies, path).toEqual([]);
      }
    }
    expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
    expect((await visitor.status({ prefer: 'wait=1' })).status).toBe(200);
    expect(await countVendorRequests('create', '+819000000000')).toBe(0);
  });
});

describe('the answer that completes a login', () => {
  const page = {
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'cors',
    'sec-fetch-dest': 'empty',
  };
  const ways: Readonly<Record<string, Record<string, string>>> = {
    'a link on another site': {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    },
    'a link on our own page': {
      ...page,
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    },
    'the address bar': {
      'sec-fetch-site': 'none',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    },
    'a frame': { ...page, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    'an image': { ...page, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
    'a script': { ...page, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
    'a style': { ...page, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'style' },
    'a video': { ...page, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'video' },
    'a download': { ...page, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'empty' },
    'a preload': { ...page, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' },
    'a prefetch': { ...page, 'sec-purpose': 'prefetch' },
    'a prerender': { ...page, 'sec-purpose': 'prefetch;prerender' },
    'a sibling’s fetch': { ...page, 'sec-fetch-site': 'same-site' },
    'another site’s fetch': { ...page, 'sec-fetch-site': 'cross-site' },
    'a fetch with a header of its own': {
      ...page,
      'sec-fetch-site': 'cross-site',
      'x-requested-with': 'fetch',
    },
  };

  it.each(Object.entries(ways))('is refused to %s', async (_name, headers) => {
    const visitor = newVisitor();
    const phoneNumber = randomPhoneNumber();
    const { call_number } = await (await visitor.start(phoneNumber)).json();
    await vendor.call(phoneNumber, call_number);
    // Not with `fetch`, which sets Sec-Fetch-Mode itself.
    const answer = await send({
      path: '/api/auth/status',
      headers: [...Object.entries(headers), ['cookie', visitor.cookieHeader()]],
    });
    expect(answer.status).toBe(403);
    expect(answer.setCookies).toEqual([]);
    expect((await visitor.status()).status).toBe(200);
    expect(visitor.cookie('call-login-session')).toBeDefined();
  });

  it('is refused to requests without Sec-Fetch-Site and Origin', async () => {
    const visitor = newVisitor();
    const phoneNumber = randomPhoneNumber();
    const { call_number } = await (await visitor.start(phoneNumber)).json();
    await vendor.call(phoneNumber, call_number);
    for (const header of ['', 'XMLHttpRequest', 'Fetch']) {
      const answer = await send({
        path: '/api/auth/status',
        headers: [
          ['cookie', visitor.cookieHeader()],
          ['x-requested-with', header],
        ],
      });
      expect(answer.status, header).toBe(403);
    }
  });
});

it('no other site may read any answer, whatever it sends', async () => {
  const visitor = await logIn(randomPhoneNumber());
  for (const path of ['/api/auth/session', '/account', '/login', '/api/health', '/icon.svg']) {
    for (const from of ['https://evil.example', 'null', appOrigin]) {
      const answer = await send({
        path,
        headers: [
          ['origin', from],
          ['access-control-request-method', 'POST'],
          ['access-control-request-headers', 'x-requested-with'],
          ['access-control-request-private-network', 'true'],
          ['cookie', visitor.cookieHeader()],
        ],
      });
      expectHarmless(answer, path);
      expect(answer.headers['cross-origin-resource-policy'], path).toBe('same-origin');
    }
  }
});
