import { request } from 'node:https';
import { afterAll, describe, expect, it } from 'vitest';
import { createControlClient } from './control-client.ts';
import { selfSigned } from './self-signed.ts';
import { startSandbox } from './server.ts';
import {
  check,
  checkedSession,
  create,
  freshPhoneNumber,
  openSession,
  vendorRequest,
} from './vendor-requests.ts';

const sandbox = await startSandbox();
const control = createControlClient(sandbox.url);
afterAll(() => sandbox.close());

const callbackUrl = 'https://app.example/callback';

describe('creating a session', () => {
  it('answers 201 with only the id and the call number', async () => {
    const response = await create(sandbox.url, {
      phone_number: freshPhoneNumber(),
      callback_url: callbackUrl,
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      id: expect.any(String),
      call_number: expect.stringMatching(/^\+8150\d{8}$/),
    });
  });

  it.each([
    ['bad JSON', '{"phone_number":'],
    ['an empty object', {}],
    ['no phone number', { callback_url: callbackUrl }],
    ['no callback URL', { phone_number: '+819012345678' }],
    ['an invalid phone number', { phone_number: 'hello', callback_url: callbackUrl }],
    ['a phone number not in E.164', { phone_number: '090-1234-5678', callback_url: callbackUrl }],
    ['a phone number of another type', { phone_number: 819012345678, callback_url: callbackUrl }],
    ['an invalid callback URL', { phone_number: '+819012345678', callback_url: 'nowhere' }],
    [
      'a callback URL that is not HTTP',
      { phone_number: '+819012345678', callback_url: 'javascript:alert(1)' },
    ],
  ])('refuses %s with 422', async (_, body) => {
    const response = await create(sandbox.url, body);
    expect(response.status).toBe(422);
    expect(await response.json()).toEqual({ error: expect.any(String) });
  });

  it('refuses a body that is not sent as JSON with 422', async () => {
    const response = await create(
      sandbox.url,
      { phone_number: freshPhoneNumber(), callback_url: callbackUrl },
      { 'content-type': 'text/plain' },
    );
    expect(response.status).toBe(422);
  });

  it('gives each live session of one phone number its own call number', async () => {
    const phoneNumber = freshPhoneNumber();
    const first = await openSession(sandbox.url, phoneNumber);
    const second = await openSession(sandbox.url, phoneNumber);
    const other = await openSession(sandbox.url, freshPhoneNumber());
    expect(second.callNumber).not.toBe(first.callNumber);
    expect(other.callNumber).toBe(first.callNumber);
  });

  it('reuses the call number of an expired session', async () => {
    const phoneNumber = freshPhoneNumber();
    const first = await openSession(sandbox.url, phoneNumber);
    await control.advanceClock(300, phoneNumber);
    const second = await openSession(sandbox.url, phoneNumber);
    expect(second.callNumber).toBe(first.callNumber);
  });

  it('gives every session the same call number when they are shared', async () => {
    const shared = await startSandbox({ call_numbers: 'shared' });
    const phoneNumber = freshPhoneNumber();
    const first = await openSession(shared.url, phoneNumber);
    const second = await openSession(shared.url, phoneNumber);
    expect(second.callNumber).toBe(first.callNumber);
    await shared.close();
  });
});

describe('checking a session', () => {
  it('answers pending with only the status', async () => {
    const { id } = await openSession(sandbox.url, freshPhoneNumber());
    const response = await check(sandbox.url, id);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'pending' });
  });

  it('answers verified with the phone number', async () => {
    const phoneNumber = freshPhoneNumber();
    const { id, callNumber } = await openSession(sandbox.url, phoneNumber);
    await control.call(phoneNumber, callNumber);
    expect(await checkedSession(sandbox.url, id)).toEqual({
      status: 'verified',
      phone_number: phoneNumber,
    });
  });

  it.each([
    ['national', '09012345678'],
    ['international', '+81 90-1234-5678'],
  ] as const)('formats the phone number as %s', async (format, formatted) => {
    const other = await startSandbox({ verified_phone_number_format: format });
    const { id, callNumber } = await openSession(other.url, '+819012345678');
    await createControlClient(other.url).call('+819012345678', callNumber);
    expect(await checkedSession(other.url, id)).toEqual({
      status: 'verified',
      phone_number: formatted,
    });
    await other.close();
  });

  it('answers expired when the lifetime is over, to the second', async () => {
    const phoneNumber = freshPhoneNumber();
    const { id } = await openSession(sandbox.url, phoneNumber);
    await control.advanceClock(290, phoneNumber);
    expect(await checkedSession(sandbox.url, id)).toEqual({ status: 'pending' });
    await control.advanceClock(10, phoneNumber);
    expect(await checkedSession(sandbox.url, id)).toEqual({ status: 'expired' });
  });

  it('uses the configured lifetime', async () => {
    const brief = await startSandbox({ ttlSeconds: 5 });
    const { id } = await openSession(brief.url, freshPhoneNumber());
    await createControlClient(brief.url).advanceClock(5);
    expect(await checkedSession(brief.url, id)).toEqual({ status: 'expired' });
    await brief.close();
  });

  it('answers 404 to an unknown session', async () => {
    const response = await check(sandbox.url, 'unknown');
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: expect.any(String) });
  });
});

describe('the API key', () => {
  it.each(['Bearer wrong', 'Bearer ', 'sandbox-key', 'Basic sandbox-key', 'Bearer sandbox-key2'])(
    'is refused with 401 when the header is %o',
    async (authorization) => {
      const { id } = await openSession(sandbox.url, freshPhoneNumber());
      expect((await check(sandbox.url, id, { headers: { authorization } })).status).toBe(401);
      expect((await check(sandbox.url, 'unknown', { headers: { authorization } })).status).toBe(
        401,
      );
      expect((await create(sandbox.url, {}, { authorization })).status).toBe(401);
    },
  );

  it('is required: without it no session is created', async () => {
    const phoneNumber = freshPhoneNumber();
    const response = await fetch(`${sandbox.url}/v1/auth/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ phone_number: phoneNumber, callback_url: callbackUrl }),
    });
    expect(response.status).toBe(401);
    expect(await control.sessions(phoneNumber)).toEqual([]);
  });

  it('is configurable', async () => {
    const other = await startSandbox({ apiKey: 'another key' });
    const headers = { authorization: 'Bearer another key' };
    expect((await check(other.url, 'unknown', { headers })).status).toBe(404);
    expect((await check(other.url, 'unknown')).status).toBe(401);
    await other.close();
  });
});

describe('other requests', () => {
  it.each(['/v1/auth', '/v1/auth/sessions/a/b', '/api/v1/auth/sessions', '/anything'])(
    'to %s are answered 404',
    async (path) => {
      const response = await fetch(sandbox.url + path);
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual({ error: 'not found' });
    },
  );

  it.each([
    ['PUT', '', 'POST'],
    ['GET', '', 'POST'],
    ['DELETE', '/some-id', 'GET, HEAD'],
    ['POST', '/some-id', 'GET, HEAD'],
  ])('by %s on %o are answered 405', async (method, path, allowed) => {
    const response = await vendorRequest(sandbox.url, path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allowed);
  });
});

it('serves HTTPS with a self-signed certificate', async () => {
  const secure = await startSandbox({ tls: selfSigned });
  const statusTrusting = (ca: string | undefined) =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request(`${secure.url}/v1/auth/sessions/unknown`, { ca }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject).end();
    });
  expect(secure.url).toMatch(/^https:/);
  expect(await statusTrusting(selfSigned.cert)).toBe(401);
  await expect(statusTrusting(undefined)).rejects.toMatchObject({
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  });
  await secure.close();
});
