import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { createSealer } from '#lib/cookies/seal.ts';
import { createToken } from '#lib/crypto/token.ts';
import { type AppServer, startAppServer, TEST_SECRET } from '#tests/support/app-server.ts';
import { logIn, logInOn, newVisitor, sandboxUrl, stores, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';
import { expectHarmless, forEachOf, ownPage, send } from './send.ts';
import { addressOf, routes } from './site.ts';

const SESSION = 'call-login-session';
const ATTEMPT = 'call-login-attempt';

const purposes = { [SESSION]: 'session cookie', [ATTEMPT]: 'attempt cookie' } as const;

/** Every route of the site, with its first method. */
const requests = Object.entries(routes).map(([route, [method = 'GET']]) => ({
  method,
  path: addressOf(route),
}));

/** Seals any value as the app does, optionally with another secret. */
function seal(value: unknown, purpose: string, secret = TEST_SECRET, ttlSeconds = 600) {
  return createSealer({ purpose, schema: z.unknown(), ttlSeconds, secrets: [secret] }).seal(value);
}

/** A seal that expired yesterday. */
function sealYesterday(value: unknown, purpose: string): string {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 86_400_000 });
  try {
    return seal(value, purpose);
  } finally {
    vi.useRealTimers();
  }
}

/** Invalid cookie values made from the valid value `good`. */
async function corrupt(name: keyof typeof purposes, good: string, other: string) {
  const purpose = purposes[name];
  const parts = good.split('*');
  const swap = (a: number, b: number) =>
    parts.map((part, index) => parts[index === a ? b : index === b ? a : index] ?? part).join('*');
  const value = { sessionToken: createToken(), browserToken: createToken() };
  const flipped = Array.from({ length: 12 }, (_, step) => {
    const at = Math.floor((good.length * step) / 12);
    return good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1);
  });
  return {
    'the other cookie in its place': other,
    nothing: '',
    'a word': 'logged-in',
    JSON: '{"sessionToken":"x"}',
    quoted: `"${good}"`,
    'with a space': `${good.slice(0, 40)} ${good.slice(40)}`,
    'a percent sign': '%',
    'an invalid percent encoding': '%E0%A4%A',
    'cut short': good.slice(0, -1),
    'without its version suffix': good.slice(0, -2),
    'with two version suffixes': `${good}~2`,
    'the first half': good.slice(0, good.length / 2),
    'one character more': `${good}A`,
    'the value twice': `${good}${good}`,
    'in lower case': good.toLowerCase(),
    'a prefix alone': 'Fe26.2*',
    'no fields': 'Fe26.2********',
    'another version': good.replace('Fe26.2', 'Fe26.1'),
    'another key id': good.replace(/^(Fe26\.2\*)[^*]*/, '$11'),
    'no key id': good.replace(/^(Fe26\.2\*)[^*]*/, '$1'),
    'a key id from the prototype': good.replace(/^(Fe26\.2\*)[^*]*/, '$1__proto__'),
    'an invalid expiry': good.replace(/\*\d+\*/, '*never*'),
    'a later expiry': good.replace(/\*(\d{13})\*/, '*99999999999999*'),
    'fields swapped': swap(3, 4),
    'digest and salt swapped': swap(6, 7),
    'a retired secret’s': seal(value, purpose, 'Zx8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4Q'),
    'yesterday’s': sealYesterday(value, purpose),
    'sealed for another purpose': seal(value, 'language cookie'),
    'another shape': seal({ user: 'admin' }, purpose),
    'an array': seal([], purpose),
    'not a string': seal({ sessionToken: 1, browserToken: 1 }, purpose),
    'over-long': good + 'A'.repeat(5_000),
    '12 KB': 'A'.repeat(12_000),
    'header injection': 'a,b;HttpOnly;Path=/x',
    ...Object.fromEntries(flipped.map((text, index) => [`a character changed, ${index}`, text])),
  };
}

/** Requests every route with one Cookie header; expects anonymous answers that clear the cookie. */
async function expectAnonymousAndCleared(
  header: readonly (readonly [string, string])[],
  cleared: string,
  origin?: string,
): Promise<void> {
  for (const request of requests) {
    const what = `${request.method} ${request.path}`;
    const answer = await send({
      ...(origin === undefined ? {} : { origin }),
      ...request,
      headers: [...ownPage, ...header],
    });
    expectHarmless(answer, what);
    const ownSetCookies = answer.setCookies.filter((each) => each.startsWith(`${cleared}=`));
    expect(ownSetCookies, what).toEqual([expect.stringMatching(/^[\w-]+=; Path=\/;.*Max-Age=0/)]);
    if (request.path === '/account') {
      expect([answer.status, answer.headers.location], what).toEqual([307, '/login']);
    }
    if (request.path.startsWith('/api/auth/session')) {
      expect(answer.status, what).toBe(401);
    }
  }
}

describe('a corrupted cookie', () => {
  it.each([SESSION, ATTEMPT] as const)(
    'makes the visitor anonymous and is cleared by every answer: %s',
    { timeout: 300_000 },
    async (name) => {
      const visitor = await logIn(randomPhoneNumber());
      await visitor.start(randomPhoneNumber());
      const good = visitor.cookie(name) ?? '';
      const other = visitor.cookie(name === SESSION ? ATTEMPT : SESSION) ?? '';
      const corrupted = Object.entries(await corrupt(name, good, other));
      await forEachOf(corrupted, async ([how, value]) => {
        await expectAnonymousAndCleared([['cookie', `${name}=${value}`]], name).catch((error) => {
          throw new Error(`${how}: ${error}`);
        });
      });
      expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
    },
  );

  it('leaves the other cookie valid', async () => {
    const visitor = await logIn(randomPhoneNumber());
    visitor.setCookie(ATTEMPT, 'planted');
    expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
    expect(visitor.cookie(ATTEMPT)).toBeUndefined();
    expect((await visitor.fetch('/account')).status).toBe(200);
  });

  it('does not prevent a login', async () => {
    const visitor = newVisitor();
    visitor.setCookie(SESSION, 'Fe26.2*1*planted');
    visitor.setCookie(ATTEMPT, 'Fe26.2*1*planted');
    const phoneNumber = randomPhoneNumber();
    await logInOn(visitor, phoneNumber);
    expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
  });
});

describe('two cookies with one name', () => {
  it.each([
    ['in one header', (a: string, b: string) => [['cookie', `${a}; ${b}`]] as const],
    [
      'in one header, the other first',
      (a: string, b: string) => [['cookie', `${b}; ${a}`]] as const,
    ],
    [
      'in two headers',
      (a: string, b: string) =>
        [
          ['cookie', a],
          ['cookie', b],
        ] as const,
    ],
    [
      'in two headers, the other first',
      (a: string, b: string) =>
        [
          ['cookie', b],
          ['cookie', a],
        ] as const,
    ],
    ['with others between', (a: string, b: string) => [['cookie', `${a}; x=1;;y; ${b}`]] as const],
  ])('count as no cookie: %s', async (_name, headerOf) => {
    const [victim, attacker] = [await logIn(randomPhoneNumber()), await logIn(randomPhoneNumber())];
    const [good = '', planted = ''] = [victim.cookie(SESSION), attacker.cookie(SESSION)];
    for (const value of [planted, good, '', 'x']) {
      const header = headerOf(`${SESSION}=${good}`, `${SESSION}=${value}`);
      await expectAnonymousAndCleared(header, SESSION);
    }
  });
});

describe('a cookie with a similar name', () => {
  it.each([
    `\u00a0${SESSION}`,
    `\u0085${SESSION}`,
    `"${SESSION}"`,
    `${SESSION}\u00a0`,
    `${SESSION} `,
    `${SESSION}[]`,
    `$${SESSION}`,
    SESSION.toUpperCase(),
    `__Host-${SESSION}`,
    `__Secure-${SESSION}`,
    `x,${SESSION}`,
  ])('opens no session: %j', async (name) => {
    const visitor = await logIn(randomPhoneNumber());
    const cookie = `${name}=${visitor.cookie(SESSION)}`;
    for (const request of requests) {
      const answer = await send({ ...request, headers: [...ownPage, ['cookie', cookie]] });
      expectHarmless(answer, request.path);
      if (request.path.startsWith('/api/auth/session')) {
        expect(answer.status, request.path).toBe(401);
      }
    }
  });
});

describe('oversized cookies', () => {
  it.each([
    ['16 KB of one', `x=${'a'.repeat(17_000)}`],
    ['thousands', Array.from({ length: 3_000 }, (_, index) => `c${index}=1`).join('; ')],
  ])('are refused by the HTTP parser: %s', async (_name, cookie) => {
    for (const path of ['/account', '/api/auth/session']) {
      expect((await send({ path, headers: [['cookie', cookie]] })).status).toBe(431);
    }
  });

  it('just below the limit change nothing', async () => {
    const visitor = await logIn(randomPhoneNumber());
    const more = Array.from({ length: 900 }, (_, index) => `c${index}=1`).join('; ');
    const answer = await send({
      path: '/api/auth/session',
      headers: [...ownPage, ['cookie', `${more}; ${visitor.cookieHeader()}`]],
    });
    expect(answer.status).toBe(200);
  });
});

describe('session fixation', () => {
  it('does not work: a login creates a new session', async () => {
    const attacker = await logIn(randomPhoneNumber());
    const fixed = attacker.cookie(SESSION) ?? '';
    const victim = newVisitor();
    victim.setCookie(SESSION, fixed);
    const phoneNumber = randomPhoneNumber();
    await logInOn(victim, phoneNumber);
    expect(victim.cookie(SESSION)).not.toBe(fixed);
    const [theirs, mine] = await Promise.all(
      [attacker, victim].map(async (visitor) => (await visitor.fetch('/api/auth/session')).json()),
    );
    expect(mine.user.phone_number).toBe(phoneNumber);
    expect(theirs.user.phone_number).not.toBe(phoneNumber);
  });

  it('does not work with a copy of the attempt cookie from before the login', async () => {
    const victim = newVisitor();
    const phoneNumber = randomPhoneNumber();
    const started = await victim.start(phoneNumber);
    const copy = victim.clone();
    await vendor.call(phoneNumber, (await started.json()).call_number);
    await victim.status();
    expect((await victim.fetch('/api/auth/session')).status).toBe(200);
    const answer = await copy.status();
    expect(answer.status).toBe(404);
    expect(copy.cookie(SESSION)).toBeUndefined();
  });
});

describe('a rotated secret', () => {
  const newSecret = 'Nw8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4W';
  let rotating: AppServer;
  let afterwards: AppServer;
  beforeAll(async () => {
    [rotating, afterwards] = await Promise.all([
      startAppServer(sandboxUrl, {
        ...stores,
        SESSION_SECRET: `${newSecret},${TEST_SECRET}`,
      }),
      startAppServer(sandboxUrl, { ...stores, SESSION_SECRET: newSecret }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([rotating.stop(), afterwards.stop()]);
  });

  it('seals with the new secret and still opens seals of the old one until that is removed', async () => {
    const before = await logIn(randomPhoneNumber());
    const old = before.cookie(SESSION) ?? '';
    const during = new Visitor(rotating.origin);
    await logInOn(during, randomPhoneNumber());
    const renewed = during.cookie(SESSION) ?? '';

    const statusOn = async (app: AppServer | undefined, value: string) => {
      const visitor = app === undefined ? newVisitor() : new Visitor(app.origin);
      visitor.setCookie(SESSION, value);
      const { status } = await visitor.fetch('/api/auth/session');
      return [status, visitor.cookie(SESSION) === undefined ? 'cleared' : 'kept'];
    };
    expect(await statusOn(rotating, old)).toEqual([200, 'kept']);
    expect(await statusOn(rotating, renewed)).toEqual([200, 'kept']);
    expect(await statusOn(afterwards, renewed)).toEqual([200, 'kept']);
    expect(await statusOn(afterwards, old)).toEqual([401, 'cleared']);
    expect(await statusOn(undefined, renewed)).toEqual([401, 'cleared']);
  });
});

describe('on an https origin', () => {
  let app: AppServer;
  beforeAll(async () => {
    app = await startAppServer(sandboxUrl, { APP_ORIGIN: 'https://localhost:8443' });
  });
  afterAll(() => app.stop());

  it('a session is accepted only from the cookie with the __Host- prefix', async () => {
    const visitor = new Visitor(app.origin);
    await logInOn(visitor, randomPhoneNumber());
    const value = visitor.cookie(`__Host-${SESSION}`) ?? '';
    expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
    for (const name of [
      SESSION,
      `__Secure-${SESSION}`,
      `__host-${SESSION}`,
      `\u00a0__Host-${SESSION}`,
    ]) {
      const answer = await send({
        origin: app.origin,
        path: '/api/auth/session',
        headers: [...ownPage, ['cookie', `${name}=${value}`]],
      });
      expect(answer.status, name).toBe(401);
    }
    await expectAnonymousAndCleared(
      [['cookie', `__Host-${SESSION}=${value}; __Host-${SESSION}=x`]],
      `__Host-${SESSION}`,
      app.origin,
    );
  });

  it('every cookie that is set or cleared is bound to the host and to HTTPS', async () => {
    const visitor = new Visitor(app.origin);
    const answers = [
      await visitor.start(randomPhoneNumber()),
      await visitor.post('/api/auth/cancel', ''),
      await visitor.post('/api/auth/logout', ''),
      await visitor.fetch('/login', { headers: { cookie: `__Host-${SESSION}=x` } }),
    ];
    const setCookies = answers.flatMap((answer) => answer.headers.getSetCookie());
    expect(setCookies).toHaveLength(4);
    for (const setCookie of setCookies) {
      expect(setCookie).toMatch(/^__Host-call-login-/);
      expect(setCookie).toMatch(/; Path=\/(;|$)/i);
      expect(setCookie).toMatch(/; Secure/i);
      expect(setCookie).toMatch(/; HttpOnly/i);
      expect(setCookie).toMatch(/; SameSite=lax/i);
      expect(setCookie).not.toMatch(/; Domain/i);
      expect(setCookie.length).toBeLessThan(4_096);
    }
  });
});
