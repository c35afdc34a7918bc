import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorReplySchema } from '#lib/shared/contract.ts';
import { type AppServer, startAppServer } from '#tests/support/app-server.ts';
import { logIn, sandboxUrl, vendor } from '#tests/support/servers.ts';
import { randomNetwork, randomPhoneNumber } from '#tests/support/visitor.ts';
import { expectHarmless, forEachOf, isNextHost, ownPage, type RawAnswer, send } from './send.ts';

const JSON_TYPE = 'application/json';

async function start(
  body: string | Buffer,
  contentType = JSON_TYPE,
  more: readonly (readonly [string, string])[] = [],
): Promise<RawAnswer> {
  const headers = [
    ...ownPage,
    ['content-type', contentType],
    ['x-forwarded-for', randomNetwork()],
    ...more,
  ] as const;
  return await send({ method: 'POST', path: '/api/auth/start', headers, body });
}

async function countCreates(): Promise<number> {
  return (await vendor.requests()).filter(({ kind }) => kind === 'create').length;
}

/** A small body with a random phone number, written by `spell`. */
const json = (spell: (phoneNumber: string) => string) => spell(randomPhoneNumber());
const plain = (phoneNumber: string) => `{"phone_number":"${phoneNumber}"}`;
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe('a start body other than the expected JSON object', () => {
  const bodies: Readonly<Record<string, string | Buffer>> = {
    'an extra key': json((phoneNumber) => `{"phone_number":"${phoneNumber}","user_id":"1"}`),
    'a status': json((phoneNumber) => `{"phone_number":"${phoneNumber}","status":"verified"}`),
    'a session id': json((phoneNumber) => `{"phone_number":"${phoneNumber}","session_id":"1"}`),
    'a callback address': json(
      (phoneNumber) => `{"phone_number":"${phoneNumber}","callback_url":"http://evil.example/"}`,
    ),
    'an extra __proto__ key': json(
      (phoneNumber) => `{"phone_number":"${phoneNumber}","__proto__":{"country":"US"}}`,
    ),
    '__proto__ in place of the number': json(
      (phoneNumber) => `{"__proto__":{"phone_number":"${phoneNumber}"}}`,
    ),
    'a constructor': json(
      (phoneNumber) => `{"phone_number":"${phoneNumber}","constructor":{"prototype":{}}}`,
    ),
    'an array': json((phoneNumber) => `["${phoneNumber}"]`),
    'an array of one object': json((phoneNumber) => `[${plain(phoneNumber)}]`),
    'an array instead of a string': json((phoneNumber) => `{"phone_number":["${phoneNumber}"]}`),
    'an object instead of a string': json(
      (phoneNumber) => `{"phone_number":{"$eq":"${phoneNumber}"}}`,
    ),
    'a number instead of a string': '{"phone_number":9012345678}',
    'null instead of a string': '{"phone_number":null}',
    'true instead of a string': '{"phone_number":true}',
    'an array as the country': json(
      (phoneNumber) => `{"phone_number":"${phoneNumber}","country":["JP"]}`,
    ),
    '__proto__ as the country': json(
      (phoneNumber) => `{"phone_number":"${phoneNumber}","country":"__proto__"}`,
    ),
    'an empty country': json((phoneNumber) => `{"phone_number":"${phoneNumber}","country":""}`),
    'a key in another case': json((phoneNumber) => `{"Phone_Number":"${phoneNumber}"}`),
    'a key with a NUL': json((phoneNumber) => `{"phone_number\\u0000":"${phoneNumber}"}`),
    'a leading byte order mark': json((phoneNumber) => `\ufeff${plain(phoneNumber)}`),
    'two objects': json((phoneNumber) => plain(phoneNumber) + plain(phoneNumber)),
    'a comment': json((phoneNumber) => `${plain(phoneNumber)}//`),
    'single quotes': json((phoneNumber) => `{'phone_number':'${phoneNumber}'}`),
    'a form': json((phoneNumber) => `phone_number=${encodeURIComponent(phoneNumber)}`),
    'UTF-16': Buffer.from(json(plain), 'utf16le'),
    gzip: gzipSync(json(plain)),
    nothing: '',
    null: 'null',
    'deep nesting': nested(600),
    'deeper nesting': `{"phone_number":${'['.repeat(2_000)}${']'.repeat(2_000)}}`,
    'one byte too many': `{"phone_number":"${'0'.repeat(4_096 - 19)}"}`,
    'a megabyte': `{"phone_number":"${'0'.repeat(1_000_000)}"}`,
  };

  it('is refused with a message, starts nothing and sets no cookie', async () => {
    const before = await countCreates();
    await forEachOf(Object.entries(bodies), async ([name, body]) => {
      const answer = await start(body);
      expectHarmless(answer, name);
      expect([400, 413, 415, 422], name).toContain(answer.status);
      expect(errorReplySchema.parse(JSON.parse(answer.text)).error, name).toMatch(/。$/);
      expect(answer.setCookies, name).toEqual([]);
    });
    expect(await countCreates()).toBe(before);
  });

  it.each([
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/json, text/plain',
    'text/plain, application/json',
    'text/plain; application/json',
    'application/json/x',
    'application/*',
    '*/*',
    '',
  ])('is not accepted with the content type %j', async (contentType) => {
    const phoneNumber = randomPhoneNumber();
    expect((await start(plain(phoneNumber), contentType)).status).toBe(415);
    expect(await vendor.requests(phoneNumber)).toEqual([]);
  });

  it('is not decompressed', async () => {
    const phoneNumber = randomPhoneNumber();
    const packed = gzipSync(plain(phoneNumber));
    const answer = await start(packed, JSON_TYPE, [['content-encoding', 'gzip']]);
    expect(answer.status).toBe(415);
    expect(await vendor.requests(phoneNumber)).toEqual([]);
  });

  it('is read as UTF-8 whatever charset it declares', async () => {
    for (const charset of ['utf-7', 'utf-16', 'shift_jis', 'x-none', '"']) {
      const phoneNumber = randomPhoneNumber();
      const answer = await start(plain(phoneNumber), `application/json; charset=${charset}`);
      expect(answer.status, charset).toBe(200);
      expect(await vendor.sessions(phoneNumber), charset).toHaveLength(1);
    }
  });

  it('with a duplicate key is one number, the same for the limits, the database and the vendor', async () => {
    const [first, last] = [randomPhoneNumber(), randomPhoneNumber()];
    const answer = await start(`{"phone_number":"${first}","phone_number":"${last}"}`);
    expect(answer.status).toBe(200);
    expect(await vendor.requests(first)).toEqual([]);
    expect(await vendor.sessions(last)).toHaveLength(1);
  });

  it.each([
    '\\ud800',
    '\\udfff\\ud800',
    '\\u0000',
    '090\\u00001234',
    '<script>alert(1)</script>',
    "' or 1=1 --",
    '{{7*7}}',
    '%s%n',
    '../../etc/passwd',
    '+81\\n90',
    '\\u001b[31m',
  ])('with an invalid number is refused without an echo of it: %j', async (text) => {
    const answer = await start(`{"phone_number":"${text}"}`);
    expectHarmless(answer, text);
    expect(answer.status).toBe(422);
    expect(answer.text).not.toContain('script');
  });
});

describe('other request bodies', () => {
  it.each([
    ['two languages', 'language=en&language=ja'],
    ['two return paths', 'language=en&back=%2F&back=https%3A%2F%2Fevil.example'],
    ['an extra field', 'language=en&admin=1'],
    ['an unknown language', 'language=xx'],
    ['__proto__ as the language', 'language=__proto__'],
    ['nothing', ''],
    ['JSON', '{"language":"en"}'],
    ['5 KB', `language=en&back=${'a'.repeat(5_000)}`],
  ])('the language form is refused with %s', async (_name, body) => {
    const answer = await send({
      method: 'POST',
      path: '/api/language',
      headers: [...ownPage, ['content-type', 'application/x-www-form-urlencoded']],
      body,
    });
    expectHarmless(answer, body);
    expect([400, 413]).toContain(answer.status);
    expect(answer.setCookies).toEqual([]);
  });

  it.each(['text/plain', 'application/json', 'multipart/form-data; boundary=x', ''])(
    'the language form is not accepted with the content type %j',
    async (contentType) => {
      const headers = [...ownPage, ['content-type', contentType]] as const;
      const path = '/api/language';
      const answer = await send({ method: 'POST', path, headers, body: 'language=en' });
      expect(answer.status).toBe(415);
    },
  );

  it('the "seen" request accepts one timestamp and nothing else', async () => {
    const visitor = await logIn(randomPhoneNumber());
    const bodies = [
      '{"until":"2026-01-01T00:00:00Z","session":"x"}',
      '{"until":1}',
      '{"until":"tomorrow"}',
      '{"until":"9999999-01-01T00:00:00Z"}',
      '[]',
      nested(600),
    ];
    for (const body of bodies) {
      expect((await visitor.post('/api/auth/sessions/seen', body)).status, body).toBe(400);
    }
  });
});

describe('a server under large and slow requests', () => {
  let app: AppServer;
  beforeAll(async () => {
    app = await startAppServer(sandboxUrl);
  });
  afterAll(() => app.stop());

  /** Sends a request head and then a byte every 500 ms. @returns the answer, and the seconds until the end. */
  async function drip(head: string, byte: string) {
    const startedAt = performance.now();
    const { hostname, port } = new URL(app.origin);
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.write(head);
    const timer = setInterval(() => socket.write(byte), 500);
    await new Promise((resolve) => socket.on('close', resolve));
    clearInterval(timer);
    return { text, seconds: (performance.now() - startedAt) / 1_000 };
  }

  const head = (path: string, length: number) =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n` +
    `Sec-Fetch-Site: same-origin\r\nContent-Length: ${length}\r\n\r\n`;

  const isHealthy = async () =>
    (await send({ origin: app.origin, path: '/api/health' })).status === 200;

  it('does not keep large ones in memory, and answers others meanwhile', async () => {
    expect(await isHealthy()).toBe(true);
    const before = residentKilobytes(app.pid);
    const large = `{"phone_number":"${'0'.repeat(8_000_000)}"}`;
    const paths = ['/api/auth/start', '/login', '/api/auth/logout', '/api/language'];
    await forEachOf(
      Array.from({ length: 60 }, (_, index) => paths[index % 4] ?? '/'),
      async (path) => {
        const headers = [...ownPage, ['content-type', JSON_TYPE]] as const;
        const request = { origin: app.origin, method: 'POST', path, headers, body: large };
        expectHarmless(await send(request), path);
      },
      6,
    );
    expect(residentKilobytes(app.pid) - before).toBeLessThan(150_000);
    expect(await isHealthy()).toBe(true);
  });

  const onNodeHost = it.skipIf(isNextHost);

  onNodeHost('ends slow ones, and answers others meanwhile', { timeout: 90_000 }, async () => {
    const slow = Promise.all([
      drip(head('/api/auth/start', 4_000), '0'),
      drip(head('/api/auth/start', 100_000_000), '0'),
      drip(head(`/api/auth/callback/${'a'.repeat(43)}`, 100_000_000), '0'),
      drip(head('/login', 100_000_000), '0'),
      drip('GET /login HTTP/1.1\r\nHost: a\r\nX-Slow: ', '0'),
      drip('GET /lo', 'o'),
      drip('', 'G'),
    ]);

    expect(await isHealthy()).toBe(true);
    const [first, ...others] = await slow;
    expect(first.text).toMatch(/^HTTP\/1\.1 400 /);
    expect(first.text).toContain('request_incomplete');
    expect(first.seconds).toBeLessThan(15);
    for (const { text, seconds } of others) {
      expect(text).toMatch(/^$|^HTTP\/1\.1 [24]/);
      expect(seconds).toBeLessThan(65);
    }
    expect(app.output()).not.toContain('internal_error');
  });
});

function residentKilobytes(pid: number): number {
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(stdout);
}
