import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createSealer } from '#lib/cookies/seal.ts';
import { newPasskeyReplySchema, passkeyOptionsReplySchema } from '#lib/shared/contract.ts';
import { TEST_SECRET } from '#tests/support/app-server.ts';
import { TestPasskey } from '#tests/support/authenticator.ts';
import { countSessions, logIn, newVisitor } from '#tests/support/servers.ts';
import { randomPhoneNumber, type Visitor } from '#tests/support/visitor.ts';

const CHALLENGE = 'call-login-challenge';

/** A user with a passkey, logged in by call. */
async function addPasskey(phoneNumber = randomPhoneNumber()) {
  const visitor = await logIn(phoneNumber);
  const options = await visitor.post('/api/auth/passkeys/new', '');
  const passkey = new TestPasskey(visitor.origin);
  const made = passkey.create(newPasskeyReplySchema.parse(await options.json()));
  expect((await visitor.post('/api/auth/passkeys/add', made)).status).toBe(200);
  return { visitor, passkey, phoneNumber };
}

const challengeFor = async (visitor: Visitor) =>
  passkeyOptionsReplySchema.parse(
    await (await visitor.post('/api/auth/passkeys/options', '')).json(),
  );

describe('an answer of a passkey', () => {
  it('begins one session, however many copies of it arrive at once', async () => {
    const { passkey, phoneNumber } = await addPasskey();
    const visitor = newVisitor();
    const use = passkey.use(await challengeFor(visitor));
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => visitor.clone().post('/api/auth/passkeys/login', use)),
    );
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([200, ...Array(19).fill(410)]);
    expect(await countSessions(phoneNumber)).toBe(2);
  });

  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['another site', { rpId: 'evil.example' }],
    ['another ceremony', { type: 'webauthn.create' }],
    ['another challenge', { challenge: 'A'.repeat(43) }],
    ['nobody verified', { isUserVerified: false }],
    ['another user', { userHandle: 'A'.repeat(43) }],
  ])('is refused and begins no session: %s', async (_name, deviation) => {
    const { passkey, phoneNumber } = await addPasskey();
    const visitor = newVisitor();
    const use = passkey.use(await challengeFor(visitor), deviation);
    expect((await visitor.post('/api/auth/passkeys/login', use)).status).toBe(403);
    expect((await visitor.fetch('/api/auth/session')).status).toBe(401);
    expect(await countSessions(phoneNumber)).toBe(1);
  });

  it('is refused in the browser of somebody else, which has another challenge', async () => {
    const { passkey } = await addPasskey();
    const use = passkey.use(await challengeFor(newVisitor()));
    const attacker = newVisitor();
    await challengeFor(attacker);
    expect((await attacker.post('/api/auth/passkeys/login', use)).status).toBe(403);
  });
});

describe('the cookie of a challenge', () => {
  it('is not believed when sealed for another purpose, with another secret or in another shape', async () => {
    const { passkey } = await addPasskey();
    const challenge = { use: 'get', challenge: 'A'.repeat(43), issuedAt: Date.now() };
    const forged = [
      seal(challenge, 'session cookie'),
      seal(challenge, 'challenge cookie', 'Zx8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4Q'),
      seal({ ...challenge, use: 'any' }, 'challenge cookie'),
      'A'.repeat(43),
    ];
    for (const value of forged) {
      const visitor = newVisitor();
      visitor.setCookie(CHALLENGE, value);
      const answer = await visitor.post('/api/auth/passkeys/login', passkey.use(challenge));
      expect(answer.status).toBe(410);
    }
    const visitor = newVisitor();
    visitor.setCookie(CHALLENGE, seal(challenge, 'challenge cookie'));
    const answer = await visitor.post('/api/auth/passkeys/login', passkey.use(challenge));
    expect(answer.status).toBe(200);
  });
});

describe('what a visitor learns of passkeys', () => {
  it('is the same whether a number has any: no request for a login names a passkey or a number', async () => {
    const { visitor } = await addPasskey();
    const ask = async (asking: Visitor) => {
      const answer = await asking.post('/api/auth/passkeys/options', '');
      const {
        date,
        'x-request-id': _,
        'set-cookie': __,
        ...headers
      } = Object.fromEntries(answer.headers);
      const { challenge, ...rest } = z
        .looseObject({ challenge: z.string() })
        .parse(await answer.json());
      return { status: answer.status, headers, length: challenge.length, rest };
    };
    const known = await ask(visitor.clone());
    expect(known).toEqual(await ask(newVisitor()));
    expect(known.rest).toEqual({ rp_id: 'localhost' });
  });
});

describe('a copied session cookie', () => {
  it('ends when its owner adds or uses a passkey, and adds none of its own later', async () => {
    const phoneNumber = randomPhoneNumber();
    const visitor = await logIn(phoneNumber);
    const thief = visitor.clone();
    const options = await visitor.post('/api/auth/passkeys/new', '');
    const passkey = new TestPasskey(visitor.origin);
    await visitor.post(
      '/api/auth/passkeys/add',
      passkey.create(newPasskeyReplySchema.parse(await options.json())),
    );
    expect((await thief.post('/api/auth/passkeys/new', '')).status).toBe(401);
    const second = visitor.clone();
    await visitor.post('/api/auth/passkeys/confirm', passkey.use(await challengeFor(visitor)));
    expect((await second.post('/api/auth/passkeys/new', '')).status).toBe(401);
  });
});

it('a passkey whose request is still being sent when its session ends is not added', async () => {
  const phoneNumber = randomPhoneNumber();
  const thief = await logIn(phoneNumber);
  const owner = await logIn(phoneNumber);
  const options = await thief.post('/api/auth/passkeys/new', '');
  const passkey = new TestPasskey(thief.origin);
  const made = JSON.stringify(passkey.create(newPasskeyReplySchema.parse(await options.json())));
  const { port } = new URL(thief.origin);
  const request = httpRequest({
    port,
    method: 'POST',
    path: '/api/auth/passkeys/add',
    headers: {
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(made),
      cookie: thief.cookieHeader(),
    },
  });
  const answered = once(request, 'response');
  request.write(made.slice(0, 100));
  // By now a host that looks at the session before it reads the body has done so.
  expect((await owner.fetch('/account')).status).toBe(200);
  expect((await owner.fetch('/api/auth/sessions', { method: 'DELETE' })).status).toBe(200);
  request.end(made.slice(100));
  const [{ statusCode }] = await answered;
  expect(statusCode).toBe(401);
  const visitor = newVisitor();
  const use = passkey.use(await challengeFor(visitor));
  expect((await visitor.post('/api/auth/passkeys/login', use)).status).toBe(404);
});

/** Seals any value as the app does, optionally with another secret. */
function seal(value: unknown, purpose: string, secret = TEST_SECRET) {
  return createSealer({
    purpose,
    schema: z.unknown(),
    ttlSeconds: 300,
    secrets: [secret],
  }).seal(value);
}
