import { describe, expect, it } from 'vitest';
import { attemptViewSchema, errorReplySchema } from '#lib/shared/contract.ts';
import { appOrigin, countVendorRequests, newVisitor, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber } from '#tests/support/visitor.ts';

const attemptCookie = 'call-login-attempt';

async function countCreates(): Promise<number> {
  return (await vendor.requests()).filter((request) => request.kind === 'create').length;
}

async function problemOf(response: Response) {
  return errorReplySchema.parse(await response.json());
}

describe('POST /api/auth/start', () => {
  it('guide: answers with session_id and call_number, and stores the id in a sealed cookie', async () => {
    const visitor = newVisitor();
    const phoneNumber = randomPhoneNumber();
    const response = await visitor.start(phoneNumber);
    const attempt = attemptViewSchema.parse(await response.json());
    const [session] = await vendor.sessions(phoneNumber);

    expect(response.status).toBe(200);
    expect(attempt.call_number).toBe(session?.call_number);
    expect(attempt.session_id).not.toBe(session?.id);
    const [setCookie = ''] = response.headers.getSetCookie();
    expect(setCookie).toMatch(/^call-login-attempt=Fe26\.2\*/);
    expect(setCookie).toMatch(/; HttpOnly/i);
    expect(setCookie).toMatch(/; SameSite=lax/i);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('compresses its answer, which holds a QR code, but not short answers', async () => {
    const visitor = newVisitor();
    const started = await visitor.start(randomPhoneNumber());
    const status = await visitor.status();
    const session = await visitor.fetch('/api/auth/session');
    const encodings = [started, status, session].map(({ headers }) =>
      headers.get('content-encoding'),
    );
    expect(encodings).toEqual(['gzip', null, null]);
  });

  it('guide: sends phone_number in E.164 and a callback_url of our own origin', async () => {
    const phoneNumber = randomPhoneNumber();
    const national = `0${phoneNumber.slice(3)}`;
    const response = await newVisitor().post(
      '/api/auth/start',
      { phone_number: national },
      { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
    );
    expect(response.status).toBe(200);
    const [create] = await vendor.requests(phoneNumber);
    expect(create?.authorized).toBe(true);
    expect(create?.body).toEqual({
      phone_number: phoneNumber,
      callback_url: expect.stringMatching(
        new RegExp(`^${appOrigin}/api/auth/callback/[\\w-]{43}$`),
      ),
    });
  });

  it('returns the live attempt when the same browser starts again with the same number', async () => {
    const visitor = newVisitor();
    const phoneNumber = randomPhoneNumber();
    const first = attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());
    const again = attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());
    expect(again.session_id).toBe(first.session_id);
    expect(again.call_number).toBe(first.call_number);
    expect(await countVendorRequests('create', phoneNumber)).toBe(1);
  });

  it('does not return an attempt to the holder of an older cookie of the same browser', async () => {
    const visitor = newVisitor();
    await visitor.start(randomPhoneNumber());
    await visitor.post('/api/auth/cancel', '');
    const copy = visitor.clone();
    const phoneNumber = randomPhoneNumber();
    const mine = attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());
    const theirs = attemptViewSchema.parse(await (await copy.start(phoneNumber)).json());
    expect(theirs.session_id).not.toBe(mine.session_id);
    await vendor.call(phoneNumber, mine.call_number);
    expect((await copy.status()).headers.getSetCookie()).toEqual([]);
    expect(copy.cookie('call-login-session')).toBeUndefined();
  });

  it('guide: answers a vendor timeout with 504 接続タイムアウト', async () => {
    const phoneNumber = randomPhoneNumber();
    await vendor.addFault({ kind: 'delay', delay_ms: 60_000, phone_number: phoneNumber });
    const response = await newVisitor().start(phoneNumber);
    const problem = await problemOf(response);
    expect(response.status).toBe(504);
    expect(problem.code).toBe('pauth_timed_out');
    expect(problem.error).toContain('接続タイムアウト');
    expect(response.headers.get('retry-after')).toMatch(/^[2-4]$/);
  });

  it('guide: answers a failed vendor connection with 503 API接続に失敗しました', async () => {
    const phoneNumber = randomPhoneNumber();
    await vendor.addFault({ kind: 'reset', phone_number: phoneNumber });
    const response = await newVisitor().start(phoneNumber);
    const problem = await problemOf(response);
    expect(response.status).toBe(503);
    expect(problem.code).toBe('pauth_unreachable');
    expect(problem.error).toContain('API接続に失敗しました');
    expect(await countVendorRequests('create', phoneNumber)).toBe(1);
  });

  it('guide: answers any other API error about the number with 422', async () => {
    const phoneNumber = randomPhoneNumber();
    await vendor.addFault({ kind: 'status', status: 422, phone_number: phoneNumber });
    const response = await newVisitor().start(phoneNumber);
    expect(response.status).toBe(422);
    expect((await problemOf(response)).code).toBe('pauth_refused_number');
  });

  it.each([
    ['a rejected key', { kind: 'status', status: 401 }],
    ['a forbidden key', { kind: 'status', status: 403 }],
    ['a server error of the vendor', { kind: 'status', status: 500 }],
    ['too many requests', { kind: 'status', status: 429, retry_after_seconds: 7 }],
    ['an answer that is not JSON', { kind: 'malformed', body: '<html>canary-7f3a</html>' }],
    ['an endless answer', { kind: 'huge_body' }],
    ['a redirect', { kind: 'redirect', location: 'http://127.0.0.1:9/' }],
  ] as const)('answers %s with 503 and Retry-After, without details', async (_name, fault) => {
    const phoneNumber = randomPhoneNumber();
    await vendor.addFault({ ...fault, phone_number: phoneNumber });
    const response = await newVisitor().start(phoneNumber);
    const text = await response.text();
    const reply = errorReplySchema.parse(JSON.parse(text));
    expect(response.status).toBe(503);
    expect(reply.code).toBe('pauth_failed');
    expect(response.headers.get('retry-after')).toMatch(
      'retry_after_seconds' in fault ? /^7$/ : /^[2-4]$/,
    );
    expect(text).not.toMatch(/canary|sandbox-key|http/);
    expect(reply.error).not.toMatch(/\d/);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it.each([
    ['', 'phone_number_missing'],
    ['   ', 'phone_number_missing'],
    ['hello', 'phone_number_unreadable'],
    ['090-1234', 'phone_number_too_short'],
    ['090-1234-567', 'phone_number_not_in_country'],
    ['1', 'phone_number_too_short'],
    ['0'.repeat(70), 'phone_number_too_long'],
    ['+999 1234 5678', 'phone_number_unknown_country'],
    ['(415) 555-2671', 'phone_number_not_in_country'],
    ['0120-123-456', 'phone_number_toll_free'],
  ])('refuses %j as %s, without a vendor request', async (input, code) => {
    const before = await countCreates();
    const visitor = newVisitor();
    const response = await visitor.start(input);
    expect(response.status).toBe(422);
    const problem = await problemOf(response);
    expect(problem.code).toBe(code);
    expect(response.headers.getSetCookie()).toEqual([]);
    const english = await visitor.post(
      '/api/auth/start',
      { phone_number: input },
      { 'accept-language': 'en' },
    );
    expect((await problemOf(english)).error).toMatch(/^[\x20-\x7e]+$/);
    expect(problem.error).toMatch(/[ぁ-ん]/);
    expect(await countCreates()).toBe(before);
  });

  it.each([
    ['another media type', { 'content-type': 'text/plain' }, '{}', 415, 'request_not_json'],
    ['no JSON', {}, '{"phone_number":', 415, 'request_not_json'],
    ['a missing field', {}, '{}', 400, 'request_invalid'],
    ['an extra field', {}, '{"phone_number":"090","status":"verified"}', 400, 'request_invalid'],
    ['a number for a text', {}, '{"phone_number":9012345678}', 400, 'request_invalid'],
    ['an unknown country', {}, '{"phone_number":"090","country":"ZZ"}', 400, 'request_invalid'],
    [
      'a body that is too large',
      {},
      `{"phone_number":"${'0'.repeat(5000)}"}`,
      413,
      'request_too_large',
    ],
  ])('refuses %s', async (_name, headers, body, status, code) => {
    const response = await newVisitor().post('/api/auth/start', body, headers);
    expect(response.status).toBe(status);
    expect((await problemOf(response)).code).toBe(code);
  });

  it.each([
    ['cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['same-site', { 'sec-fetch-site': 'same-site' }],
    ['typed into the address bar', { 'sec-fetch-site': 'none' }],
  ])('refuses a request that is %s', async (_name, headers) => {
    const response = await newVisitor().post(
      '/api/auth/start',
      { phone_number: randomPhoneNumber() },
      headers,
    );
    expect(response.status).toBe(403);
    expect((await problemOf(response)).code).toBe('request_cross_origin');
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it('checks Origin when the browser sends no Fetch Metadata', async () => {
    const send = async (origin: string) =>
      await fetch(`${appOrigin}/api/auth/start`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin },
        body: JSON.stringify({ phone_number: randomPhoneNumber() }),
      });
    expect((await send(appOrigin)).status).toBe(200);
    expect((await send('https://evil.example')).status).toBe(403);
  });

  it('refuses other methods', async () => {
    const methods = ['GET', 'PUT', 'DELETE', 'PATCH'];
    const answers = await Promise.all(
      methods.map((method) => newVisitor().fetch('/api/auth/start', { method })),
    );
    expect(answers.map((answer) => answer.status)).toEqual([405, 405, 405, 405]);
  });

  it('ignores an invalid cookie', async () => {
    const visitor = newVisitor();
    visitor.setCookie(attemptCookie, 'Fe26.2*1*nonsense**');
    expect((await visitor.start(randomPhoneNumber())).status).toBe(200);
  });
});
