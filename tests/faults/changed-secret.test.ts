import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { createSealer } from '#lib/cookies/seal.ts';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { type AppServer, startAppServer } from '#tests/support/app-server.ts';
import { createFaultInjector } from '#tests/support/failing-statements.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

const OLD = 'Vq8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4E';
const NEW = 'h4Kd9sLq2Wm7Zx0Cv5Bn8Tr3Yp6Gf1Aj';
const SESSION = 'call-login-session';
const NUMBER = 'call-login-number';

const SESSION_TTL_SECONDS = 3_600;

/** A site whose servers replace one another on one port and one database. */
async function openSite() {
  const folder = mkdtempSync(join(tmpdir(), 'call-login-'));
  const failures = createFaultInjector(join(folder, 'order'));
  const sandbox = await startSandbox();
  const vendor = createControlClient(sandbox.url);
  const servers: AppServer[] = [];
  onTestFinished(async () => {
    await Promise.all(servers.map((server) => server.stop('SIGKILL')));
    await sandbox.close();
    rmSync(folder, { recursive: true });
  });

  const serve = async (secrets: string, place?: AppServer, env: Record<string, string> = {}) => {
    const server = await startAppServer(
      sandbox.url,
      {
        SESSION_SECRET: secrets,
        SESSION_TTL_SECONDS: String(SESSION_TTL_SECONDS),
        DATABASE_URL: `file:${join(folder, 'site.db')}`,
        STATUS_WAIT_SECONDS: '2',
        ...failures.env,
        ...env,
      },
      { place },
    );
    servers.push(server);
    return server;
  };
  const first = await serve(OLD);

  return {
    vendor,
    failures,
    origin: first.origin,
    /** Replaces the server by one with these secrets. */
    async restartWith(secrets: string): Promise<void> {
      await servers.at(-1)?.stop();
      await serve(secrets, first);
    },
    /** Adds a server to the site. */
    addServer: async (secrets: string) =>
      await serve(secrets, undefined, { APP_ORIGIN: first.origin }),
    /** A visitor who has logged in with "remember my number". */
    async logIn(): Promise<Visitor> {
      const visitor = new Visitor(first.origin);
      const phoneNumber = randomPhoneNumber();
      const started = { phone_number: phoneNumber, remember: true };
      const response = await visitor.post('/api/auth/start', started);
      const { call_number } = attemptViewSchema.parse(await response.json());
      await vendor.call(phoneNumber, call_number);
      const verified = await visitor.status();
      expect(await verified.json()).toEqual({ status: 'verified' });
      expectSmallHeaders(verified);
      return visitor;
    },
  };
}

async function isLoggedIn(visitor: Visitor): Promise<boolean> {
  return (await visitor.fetch('/api/auth/session')).status === 200;
}

/** The names of the cookies that an answer sets or clears. */
function cookiesSetBy(response: Response): string[] {
  return response.headers.getSetCookie().map((text) => text.slice(0, text.indexOf('=')));
}

/** What nginx takes from a server by default is 4 KiB of headers; a longer answer becomes 502. */
function expectSmallHeaders({ headers }: Response): void {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  expect(Buffer.byteLength(lines.join(''))).toBeLessThan(4_000);
}

/** When a seal expires that opens with this one secret; null when it does not open. */
async function endUnder(secret: string, name: 'session' | 'number', seal = '') {
  const options = { purpose: `${name} cookie`, schema: z.unknown(), ttlSeconds: 1 } as const;
  const unsealed = await createSealer({ ...options, secrets: [secret] }).unseal(seal);
  return unsealed?.endsAt ?? null;
}

/** The value that `proxy.ts` sets where Next does not replace it. */
const setByProxy = /^private, no-store$/;

const uses = [
  ['GET', '/account', 200, setByProxy],
  ['GET', '/', 307, setByProxy],
  ['GET', '/nowhere', 404, /no-store/],
  ['GET', '/api/auth/session', 200, /^no-store, no-transform$/],
  ['DELETE', '/api/auth/sessions', 200, /^no-store, no-transform$/],
] as const;

describe('a rotation of the secret', () => {
  it('keeps visitors logged in who come while both secrets are known, and re-seals all their cookies', {
    timeout: 120_000,
  }, async () => {
    const site = await openSite();
    const people = await Promise.all(
      uses.map(async (use) => ({ use, visitor: await site.logIn() })),
    );
    const loggedInAt = Date.now();
    const absent = await site.logIn();

    await site.restartWith(`${NEW},${OLD}`);
    for (const { use, visitor } of people) {
      const [method, path, status, cacheControl] = use;
      const before = { session: visitor.cookie(SESSION), number: visitor.cookie(NUMBER) };
      const response = await visitor.fetch(path, { method });
      expect(response.status, path).toBe(status);
      expect(response.headers.get('cache-control'), path).toMatch(cacheControl);
      expect(cookiesSetBy(response).toSorted(), path).toEqual([NUMBER, SESSION]);
      expectSmallHeaders(response);
      for (const setCookie of response.headers.getSetCookie()) {
        expect(setCookie).toMatch(/; Path=\/;.*; HttpOnly; SameSite=lax/i);
      }
      for (const name of ['session', 'number'] as const) {
        const [old, fresh] = [before[name], visitor.cookie(`call-login-${name}`)];
        const [oldEnd, freshEnd] = [
          await endUnder(OLD, name, old),
          await endUnder(NEW, name, fresh),
        ];
        expect(freshEnd, path).not.toBeNull();
        expect(freshEnd, path).toBeLessThanOrEqual(oldEnd ?? 0);
        expect(freshEnd, path).toBeGreaterThan((oldEnd ?? 0) - 1_000);
      }
      // The lifetime that the browser uses.
      const [, maxAge] =
        /^call-login-session=.*Max-Age=(\d+)/m.exec(response.headers.getSetCookie().join('\n')) ??
        [];
      const ageSeconds = Math.floor((Date.now() - loggedInAt) / 1_000);
      expect(Number(maxAge)).toBeLessThanOrEqual(SESSION_TTL_SECONDS - ageSeconds);

      expect(cookiesSetBy(await visitor.fetch(path, { method })), path).toEqual([]);
    }

    await site.restartWith(NEW);
    for (const { use, visitor } of people) {
      expect(await isLoggedIn(visitor), use[1]).toBe(true);
      expect((await visitor.fetch('/account')).status, use[1]).toBe(200);
    }
    const answers = [
      await absent.clone().fetch('/account'),
      await absent.fetch('/api/auth/session'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([307, 401]);
    for (const answer of answers) {
      expect(cookiesSetBy(answer)).toEqual(expect.arrayContaining([NUMBER, SESSION]));
    }
    expect(absent.cookieHeader()).toBe('');
    expect((await absent.fetch('/login')).status).toBe(200);
  });

  it('does not interrupt a login in progress, and re-seals nothing meanwhile', {
    timeout: 120_000,
  }, async () => {
    const site = await openSite();
    // It has a session too, so that there is something to re-seal.
    const visitor = await site.logIn();
    const phoneNumber = randomPhoneNumber();
    const { call_number } = attemptViewSchema.parse(
      await (await visitor.start(phoneNumber)).json(),
    );

    await site.restartWith(`${NEW},${OLD}`);
    const held = visitor.clone().status();
    for (const path of ['/login', '/account', '/api/auth/session']) {
      expect(cookiesSetBy(await visitor.clone().fetch(path)), path).toEqual([]);
    }
    const answer = await held;
    expect(await answer.json()).toMatchObject({ status: 'pending' });
    expect(cookiesSetBy(answer)).toEqual([]);

    const last = visitor.status();
    await site.vendor.call(phoneNumber, call_number);
    expect(await (await last).json()).toEqual({ status: 'verified' });
    await site.restartWith(NEW);
    const session = await (await visitor.fetch('/api/auth/session')).json();
    expect(session).toMatchObject({ user: { phone_number: phoneNumber } });
  });

  it('re-seals neither an ended session nor one that the same answer ends', {
    timeout: 120_000,
  }, async () => {
    const site = await openSite();
    const visitor = await site.logIn();
    await site.restartWith(`${NEW},${OLD}`);
    const otherTab = visitor.clone();
    const loggedOut = await visitor.post('/api/auth/logout', {});
    expect(loggedOut.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^call-login-session=;.*Max-Age=0/),
    ]);
    // A concurrent answer: the remembered number outlives the session.
    const page = await otherTab.fetch('/account');
    expect(page.headers.get('location')).toBe('/login');
    expect(cookiesSetBy(page)).toEqual([NUMBER]);
    expect(await isLoggedIn(otherTab)).toBe(false);
  });

  it('still rejects a duplicate cookie', {
    timeout: 120_000,
  }, async () => {
    const site = await openSite();
    const visitor = await site.logIn();
    await site.restartWith(`${NEW},${OLD}`);
    const old = `${SESSION}=${visitor.cookie(SESSION)}`;
    const answer = await visitor.fetch('/account', { headers: { cookie: `${old}; ${old}` } });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^call-login-session=;.*Max-Age=0/),
    ]);
  });

  it('is deferred, without failing the page, when the database does not answer', {
    timeout: 120_000,
  }, async () => {
    const site = await openSite();
    const visitor = await site.logIn();
    await site.restartWith(`${NEW},${OLD}`);
    site.failures.arm(1, 'disk');
    const page = await visitor.fetch('/account');
    expect(site.failures.disarm()).not.toBeNull();
    expect(page.status).toBe(200);
    expect(cookiesSetBy(page)).toEqual([NUMBER]);
    expect(cookiesSetBy(await visitor.fetch('/account'))).toEqual([SESSION]);
  });

  it('rolls out server by server in two steps, and a visitor of both stays logged in', {
    timeout: 120_000,
  }, async () => {
    const site = await openSite();
    const visitor = await site.logIn();
    const oldEnd = await endUnder(OLD, 'session', visitor.cookie(SESSION));
    await site.restartWith(`${OLD},${NEW}`);
    const next = await site.addServer(`${NEW},${OLD}`);

    let there = visitor.clone(next.origin);
    for (const secret of [NEW, OLD, NEW]) {
      expect((await there.fetch('/account')).status).toBe(200);
      const end = await endUnder(secret, 'session', there.cookie(SESSION));
      expect(end).toBeLessThanOrEqual(oldEnd ?? 0);
      expect(end).toBeGreaterThan((oldEnd ?? 0) - 3_000);
      there = there.clone(secret === NEW ? site.origin : next.origin);
    }
  });
});
