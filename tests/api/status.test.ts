import { describe, expect, it } from 'vitest';
import { attemptViewSchema, statusReplySchema } from '#lib/shared/contract.ts';
import { countVendorRequests, newVisitor, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber, type Visitor } from '#tests/support/visitor.ts';

const sessionCookie = 'call-login-session';

async function start(visitor: Visitor, phoneNumber: string): Promise<string> {
  const response = await visitor.start(phoneNumber);
  return attemptViewSchema.parse(await response.json()).call_number;
}

async function started() {
  const visitor = newVisitor();
  const phoneNumber = randomPhoneNumber();
  return { visitor, phoneNumber, callNumber: await start(visitor, phoneNumber) };
}

const statusOf = async (response: Response) => statusReplySchema.parse(await response.json());

describe('GET /api/auth/status', () => {
  it('guide: logs in the user with that phone number on verified, and answers {status}', async () => {
    const { visitor, phoneNumber, callNumber } = await started();
    await vendor.call(phoneNumber, callNumber);
    const response = await visitor.status();
    expect(response.status).toBe(200);
    expect(await statusOf(response)).toEqual({ status: 'verified' });
    expect(visitor.cookie(sessionCookie)).toMatch(/^Fe26\.2\*/);
    const session = await visitor.fetch('/api/auth/session');
    expect(await session.json()).toMatchObject({ user: { phone_number: phoneNumber } });
  });

  it('guide: deletes the id on expired, and answers 408 再度お試しください', async () => {
    const { visitor, phoneNumber } = await started();
    await vendor.advanceClock(301, phoneNumber);
    const response = await visitor.statusPrompted();
    expect(response.status).toBe(408);
    expect(await statusOf(response)).toEqual({
      status: 'expired',
      code: 'attempt_expired',
      message: expect.stringContaining('再度お試しください'),
    });
    expect((await visitor.status()).status).toBe(404);
  });

  it('gives the expired answer a second time to a browser that repeats the request', async () => {
    const { visitor, phoneNumber } = await started();
    await vendor.advanceClock(301, phoneNumber);
    // Chromium repeats a request answered with 408 before it has applied the answer's cookies.
    const repeated = visitor.clone();
    const [first, second] = [await visitor.statusPrompted(), await repeated.status()];
    expect(second.status).toBe(first.status);
    expect(await second.json()).toEqual(await first.json());
  });

  it('holds a pending poll, then answers with the remaining time', async () => {
    const { visitor } = await started();
    const response = await visitor.status();
    expect(response.status).toBe(200);
    const reply = await statusOf(response);
    expect(reply).toMatchObject({ status: 'pending', poll_after_ms: 0 });
    expect(reply.status === 'pending' && reply.expires_in_seconds).toBeGreaterThan(290);
  });

  it('gives a pending answer the same headers as every other answer', async () => {
    const { visitor, phoneNumber, callNumber } = await started();
    const pending = await visitor.status();
    await vendor.call(phoneNumber, callNumber);
    const verified = await visitor.status();
    const ofTheBody = new Set([
      'set-cookie',
      'transfer-encoding',
      'vary',
      'content-length',
      'content-encoding',
    ]);
    const namesOf = ({ headers }: Response) =>
      [...headers.keys()].filter((name) => !ofTheBody.has(name));
    expect(namesOf(pending)).toEqual(namesOf(verified));
    for (const name of namesOf(verified)) {
      if (!['date', 'x-request-id'].includes(name)) {
        expect([name, pending.headers.get(name)]).toEqual([name, verified.headers.get(name)]);
      }
    }
    expect(pending.headers.get('x-request-id')).toMatch(/^[\da-f]{16}$/);
  });

  it('answers a held poll as soon as the call is verified', async () => {
    const { visitor, phoneNumber, callNumber } = await started();
    const held = visitor.status();
    await vendor.call(phoneNumber, callNumber);
    expect(await statusOf(await held)).toEqual({ status: 'verified' });
    // Only the check caused by the callback, or also a scheduled one just before it.
    expect(await countVendorRequests('check', phoneNumber)).toBeLessThanOrEqual(2);
  });

  it('answers 404 to a browser without an attempt', async () => {
    const response = await newVisitor().status();
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'attempt_missing' });
  });

  it.each([
    ['a timeout', { kind: 'delay', delay_ms: 60_000 }, 504, 'pauth_timed_out'],
    ['a broken connection', { kind: 'reset' }, 503, 'pauth_unreachable'],
    ['a server error of the vendor', { kind: 'status', status: 500 }, 503, 'pauth_failed'],
    ['a malformed answer', { kind: 'malformed' }, 503, 'pauth_failed'],
  ] as const)('reports %s and leaves the attempt pending', async (_name, fault, status, code) => {
    const { visitor, phoneNumber, callNumber } = await started();
    await vendor.addFault({ ...fault, match: 'check', phone_number: phoneNumber });
    const response = await visitor.statusPrompted();
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code, retry_after_seconds: expect.any(Number) });
    expect(response.headers.getSetCookie()).toEqual([]);
    await vendor.clearFaults(phoneNumber);
    await vendor.call(phoneNumber, callNumber);
    await expect
      .poll(async () => (await (await visitor.status()).json()).status, { timeout: 10_000 })
      .toBe('verified');
  });

  it('never logs in on a verified answer for another phone number', async () => {
    const { visitor, phoneNumber, callNumber } = await started();
    await vendor.addFault({ kind: 'wrong_number', phone_number: phoneNumber });
    await vendor.call(phoneNumber, callNumber);
    const response = await visitor.status();
    expect(response.status).toBe(410);
    expect(await statusOf(response)).toMatchObject({ status: 'failed', code: 'attempt_failed' });
    expect(visitor.cookie(sessionCookie)).toBeUndefined();
  });

  it('creates one session under a hundred parallel polls', async () => {
    const { visitor, phoneNumber, callNumber } = await started();
    await vendor.call(phoneNumber, callNumber);
    const visitors = Array.from({ length: 100 }, () => visitor.clone());
    const answers = await Promise.all(visitors.map((each) => each.status()));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    const loggedIn = visitors.filter((each) => each.cookie(sessionCookie) !== undefined);
    const [first] = loggedIn;
    await first?.fetch('/api/auth/logout', { method: 'POST' });
    const afterwards = await Promise.all(
      loggedIn.map(async (each) => (await each.fetch('/api/auth/session')).status),
    );
    expect(loggedIn.length).toBeGreaterThan(0);
    expect(new Set(afterwards)).toEqual(new Set([401]));
  });

  it('delivers a lost answer again until the session is used', async () => {
    const { visitor, phoneNumber, callNumber } = await started();
    const lost = visitor.clone();
    await vendor.call(phoneNumber, callNumber);
    await lost.status();
    expect(await statusOf(await visitor.clone().status())).toEqual({ status: 'verified' });
    const again = visitor.clone();
    await again.status();
    expect((await again.fetch('/api/auth/session')).status).toBe(200);
    const tooLate = await visitor.status();
    expect(tooLate.status).toBe(404);
    expect(await tooLate.json()).toMatchObject({ code: 'attempt_missing' });
    expect(visitor.cookie(sessionCookie)).toBeUndefined();
  });

  it('keeps the cookie of the new attempt when an old tab polls the old one', async () => {
    const { visitor } = await started();
    const oldTab = visitor.clone();
    await start(visitor, randomPhoneNumber());
    const response = await oldTab.status();
    expect(response.status).toBe(410);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect((await visitor.status()).status).toBe(200);
  });

  it('keeps the browser token after a login, so that a browser does not contest its own attempts', async () => {
    const { visitor, phoneNumber, callNumber } = await started();
    await vendor.call(phoneNumber, callNumber);
    await visitor.status();
    expect(visitor.cookie('call-login-attempt')).toMatch(/^Fe26/);
  });

  it('tells another tab of the same browser that the login is complete', async () => {
    const { visitor, phoneNumber, callNumber } = await started();
    await vendor.call(phoneNumber, callNumber);
    await visitor.status();
    expect(await statusOf(await visitor.status())).toEqual({ status: 'verified' });
  });

  it.each([
    ['a link', { 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' }],
    ['an image', { 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
  ])('does not log in through %s', async (_name, headers) => {
    const { visitor, phoneNumber, callNumber } = await started();
    await vendor.call(phoneNumber, callNumber);
    const response = await visitor.status(headers);
    expect(response.status).toBe(403);
    expect(visitor.cookie(sessionCookie)).toBeUndefined();
  });

  it('ignores attempt data in the query', async () => {
    const { phoneNumber, callNumber } = await started();
    await vendor.call(phoneNumber, callNumber);
    const [session] = await vendor.sessions(phoneNumber);
    const response = await newVisitor().fetch(
      `/api/auth/status?session_id=${session?.id}&phone_number=${encodeURIComponent(phoneNumber)}`,
    );
    expect(response.status).toBe(404);
  });
});
