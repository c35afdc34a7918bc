import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { errorReplySchema } from '#lib/shared/contract.ts';
import { type AppServer, startAppServer } from '#tests/support/app-server.ts';
import {
  appOrigin,
  countVendorRequests,
  logInOn,
  newVisitor,
  sandboxUrl,
  stores,
  vendor,
} from '#tests/support/servers.ts';
import { randomNetwork, randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';
import { forEachOf, ownPage, send } from './send.ts';

async function start(
  origin: string,
  phoneNumber: string,
  headers: readonly (readonly [string, string])[],
) {
  const body = JSON.stringify({ phone_number: phoneNumber });
  const all = [...ownPage, ['content-type', 'application/json'], ...headers] as const;
  return await send({ origin, method: 'POST', path: '/api/auth/start', headers: all, body });
}

describe('a server that trusts no proxy', () => {
  let app: AppServer;
  beforeAll(async () => {
    app = await startAppServer(sandboxUrl, {
      TRUSTED_PROXY: '0',
      START_LIMIT_PER_NETWORK: '10/600',
    });
  });
  afterAll(() => app.stop());

  it('allows ten of a thousand starts, whatever addresses their headers claim', async () => {
    const statuses = new Map<number, number>();
    const before = (await vendor.requests()).length;
    await forEachOf(
      Array.from({ length: 1_000 }, (_, index) => index),
      async (index) => {
        const forged = [
          `203.0.113.${index % 250}`,
          `2001:db8:${index.toString(16)}::1`,
          `::ffff:203.0.113.${index % 250}`,
          `127.0.0.1, 203.0.113.${index % 250}`,
          'unknown',
          '',
        ];
        const address = forged[index % forged.length] ?? '';
        const answer = await start(app.origin, randomPhoneNumber(), [
          ['x-forwarded-for', address],
          ['x-real-ip', address],
          ['forwarded', `for="${address}"`],
          ['cf-connecting-ip', address],
          ['x-vercel-forwarded-for', address],
          ['fly-client-ip', address],
          ['true-client-ip', address],
          ['x-client-ip', address],
          ['x-cluster-client-ip', address],
        ]);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      },
    );
    expect(Object.fromEntries(statuses)).toEqual({ 200: 10, 429: 990 });
    const creates = (await vendor.requests()).slice(before).filter(({ kind }) => kind === 'create');
    expect(creates).toHaveLength(10);
  });

  it.each([
    ['ja', /\d+ ?(秒|分)後に/],
    ['en', /in \d+ (seconds?|minutes?)\./],
  ])('says when to retry, in the language %s and in the header', async (language, when) => {
    const answer = await start(app.origin, randomPhoneNumber(), [['accept-language', language]]);
    const problem = errorReplySchema.parse(JSON.parse(answer.text));
    expect(answer.status).toBe(429);
    expect(problem.error).toMatch(when);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(600);
    expect(answer.setCookies).toEqual([]);
  });
});

describe('client addresses', () => {
  it('in one IPv6 network share one limit', async () => {
    const prefix = `2001:db8:${Math.floor(Math.random() * 65_535).toString(16)}:1`;
    const spellings = (index: number) => [
      `${prefix}::${index.toString(16)}`,
      `${prefix}:${index}:${index}:${index}:${index}`,
      `${prefix.toUpperCase()}::${index}`,
      `${prefix}:0:0:0:${index}`,
    ];
    const statuses: number[] = [];
    for (let index = 1; index <= 11; index += 1) {
      const address = spellings(index)[index % 4] ?? '';
      const answer = await start(appOrigin, randomPhoneNumber(), [['x-forwarded-for', address]]);
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([...Array(10).fill(200), 429]);
    const next = await start(appOrigin, randomPhoneNumber(), [
      ['x-forwarded-for', `${prefix.slice(0, -1)}101::1`],
    ]);
    expect(next.status).toBe(200);
  });

  it('that are invalid share one limit', async () => {
    // A server of its own, since other tests send requests without an address too.
    const app = await startAppServer(sandboxUrl, { START_LIMIT_PER_NETWORK: '10/600' });
    onTestFinished(() => app.stop());
    const statuses: number[] = [];
    const invalid = [
      '',
      'localhost',
      'example.com',
      '1.2.3.4:x',
      '[::1',
      '-',
      "'",
      '::g',
      'a',
      'b',
      'c',
    ];
    for (const address of invalid) {
      const answer = await start(app.origin, randomPhoneNumber(), [['x-forwarded-for', address]]);
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([...Array(10).fill(200), 429]);
  });
});

describe('people behind one address of a carrier', () => {
  it('thirty, with different numbers, are all let in within ten minutes', async () => {
    const app = await startAppServer(sandboxUrl);
    onTestFinished(() => app.stop());
    const from = [['x-forwarded-for', randomNetwork()]] as const;
    for (let count = 0; count < 30; count += 1) {
      expect((await start(app.origin, randomPhoneNumber(), from)).status).toBe(200);
    }
  });
});

describe('two processes with one database', () => {
  it('share one limit and accept each other’s sessions', async () => {
    const other = await startAppServer(sandboxUrl, {
      ...stores,
      START_LIMIT_PER_NETWORK: '10/600',
    });
    const from = [['x-forwarded-for', randomNetwork()]] as const;
    const statuses: number[] = [];
    for (let count = 0; count < 11; count += 1) {
      const origin = count % 2 === 0 ? appOrigin : other.origin;
      statuses.push((await start(origin, randomPhoneNumber(), from)).status);
    }
    const visitor = newVisitor();
    await logInOn(visitor, randomPhoneNumber());
    const there = new Visitor(other.origin);
    there.setCookie('call-login-session', visitor.cookie('call-login-session') ?? '');
    const session = await there.fetch('/api/auth/session');
    await other.stop();
    expect(statuses).toEqual([...Array(10).fill(200), 429]);
    expect(session.status).toBe(200);
  });
});

describe('a number whose starts an attacker uses up', () => {
  it('still logs in from another network', async () => {
    const phoneNumber = randomPhoneNumber();
    const attacker = [['x-forwarded-for', randomNetwork()]] as const;
    const statuses: number[] = [];
    for (let count = 0; count < 50; count += 1) {
      statuses.push((await start(appOrigin, phoneNumber, attacker)).status);
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
    expect(await countVendorRequests('create', phoneNumber)).toBe(3);
    const owner = newVisitor();
    expect((await logInOn(owner, phoneNumber)).status).toBe(200);
    expect((await owner.fetch('/api/auth/session')).status).toBe(200);
  });
});

describe('the limit of the whole site', () => {
  it('is not exceeded, whatever networks the starts come from', async () => {
    const app = await startAppServer(sandboxUrl, {
      START_LIMIT_TOTAL: '5/3600',
      DATABASE_POOL_SIZE: '40',
    });
    const before = (await vendor.requests()).length;
    const answers = await Promise.all(
      Array.from({ length: 40 }, () =>
        start(app.origin, randomPhoneNumber(), [['x-forwarded-for', randomNetwork()]]),
      ),
    );
    await app.stop();
    const creates = (await vendor.requests()).slice(before).filter(({ kind }) => kind === 'create');
    expect(creates).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(35);
    expect(refused.every(({ headers }) => Number(headers['retry-after']) > 60)).toBe(true);
  });
});
