import { once } from 'node:events';
import { get } from 'node:http';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createControlClient } from './control-client.ts';
import { startSandbox } from './server.ts';
import { check, checkedSession, create, freshPhoneNumber, openSession } from './vendor-requests.ts';

const sandbox = await startSandbox();
const control = createControlClient(sandbox.url);
afterAll(() => sandbox.close());
beforeEach(() => control.reset());

function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return fetch(`${sandbox.url}/_sandbox/${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

async function read(path: string): Promise<unknown> {
  const response = await send('GET', path);
  return await response.json();
}

describe('a call', () => {
  it('verifies only the session with its caller and its call number', async () => {
    const phoneNumber = freshPhoneNumber();
    const called = await openSession(sandbox.url, phoneNumber);
    const notCalled = await openSession(sandbox.url, phoneNumber);
    const ofAnother = await openSession(sandbox.url, freshPhoneNumber());

    expect(await control.call(phoneNumber, called.callNumber)).toEqual([
      { id: called.id, phone_number: phoneNumber },
    ]);
    expect(await checkedSession(sandbox.url, notCalled.id)).toEqual({ status: 'pending' });
    expect(await checkedSession(sandbox.url, ofAnother.id)).toEqual({ status: 'pending' });
  });

  it('verifies every live session of its caller with match: caller', async () => {
    await control.setOptions({ match: 'caller' });
    const phoneNumber = freshPhoneNumber();
    const first = await openSession(sandbox.url, phoneNumber);
    const second = await openSession(sandbox.url, phoneNumber);
    const verified = await control.call(phoneNumber, '+815098769999');
    expect(verified.map(({ id }) => id)).toEqual([first.id, second.id]);
  });

  it.each(['call_number', 'caller'] as const)(
    'with a withheld caller ID verifies no session (match: %s)',
    async (match) => {
      await control.setOptions({ match });
      const { id, callNumber } = await openSession(sandbox.url, freshPhoneNumber());
      expect(await control.call(null, callNumber)).toEqual([]);
      expect(await checkedSession(sandbox.url, id)).toEqual({ status: 'pending' });
    },
  );

  it('verifies a session once, and not after it has expired', async () => {
    const phoneNumber = freshPhoneNumber();
    const { callNumber } = await openSession(sandbox.url, phoneNumber);
    expect(await control.call(phoneNumber, callNumber)).toHaveLength(1);
    expect(await control.call(phoneNumber, callNumber)).toEqual([]);

    await openSession(sandbox.url, phoneNumber);
    await control.advanceClock(301);
    expect(await control.call(phoneNumber, callNumber)).toEqual([]);
  });

  it.each(['call_number', 'caller'] as const)(
    'to a number that is not a call number is refused with 404 (match: %s)',
    async (match) => {
      await control.setOptions({ match });
      const phoneNumber = freshPhoneNumber();
      await openSession(sandbox.url, phoneNumber);
      const response = await send('POST', 'calls', { from: phoneNumber, to: '+815012345678' });
      expect(response.status).toBe(404);
      expect(await control.calls()).toEqual([]);
    },
  );

  it('accepts numbers in national format with separators', async () => {
    const { id } = await openSession(sandbox.url, '+819012345678');
    const verified = await control.call('090-1234-5678', '050-9876-0001');
    expect(verified).toEqual([{ id, phone_number: '+819012345678' }]);
  });

  it('is listed', async () => {
    const phoneNumber = freshPhoneNumber();
    const { id, callNumber } = await openSession(sandbox.url, phoneNumber);
    await control.call(null, callNumber);
    await control.call(phoneNumber, callNumber);
    expect(await control.calls()).toMatchObject([
      { from: null, to: callNumber, verified: [] },
      { from: phoneNumber, to: callNumber, verified: [{ id, phone_number: phoneNumber }] },
    ]);
    expect(await control.calls(phoneNumber)).toHaveLength(1);
  });
});

describe('invalid control input', () => {
  it.each([
    ['POST', 'calls', '{"from":'],
    ['POST', 'calls', { from: '+819012345678' }],
    ['POST', 'calls', { from: 'hello', to: '+815098760001' }],
    ['POST', 'calls', { from: null, to: '+815098760001', extra: 1 }],
    ['POST', 'faults', { kind: 'unknown' }],
    ['POST', 'faults', { kind: 'status' }],
    ['POST', 'faults', { kind: 'status', status: 500, stauts: 1 }],
    ['POST', 'faults', { kind: 'delay' }],
    ['POST', 'faults', { kind: 'reset', times: 0 }],
    ['POST', 'faults', { kind: 'wrong_number', match: 'create' }],
    ['POST', 'clock', { advance_seconds: 0 }],
    ['POST', 'clock', { advance_seconds: -1 }],
    ['PATCH', 'options', { match: 'both' }],
    ['PATCH', 'options', { call_numbers: 'shared', unknown: 1 }],
    ['GET', 'sessions?phone_number=hello', undefined],
    ['GET', 'requests?phone=x', undefined],
  ])('to %s %s is refused with 422 and changes nothing: %o', async (method, path, body) => {
    const response = await send(method, path, body);
    expect(response.status).toBe(422);
    expect(await response.json()).toEqual({ error: expect.any(String) });
    expect(await read('faults')).toEqual({ faults: [] });
    expect(await control.calls()).toEqual([]);
    expect(await read('clock')).toMatchObject({ advanced_seconds: 0 });
    expect(await read('options')).toMatchObject({
      call_numbers: 'distinct',
      match: 'call_number',
    });
  });

  it('is answered with all issues', async () => {
    const response = await send('POST', 'calls', { from: 'a', to: 'b', extra: 1 });
    expect(await response.json()).toEqual({
      error: expect.stringMatching(/from: .*; to: .*; .*extra/),
    });
  });

  it('is answered 404 on an unknown path and 405 by another method', async () => {
    expect((await send('GET', 'unknown')).status).toBe(404);
    expect((await send('PUT', 'calls')).status).toBe(405);
    expect(await control.requests()).toEqual([]);
  });
});

describe('the clock', () => {
  it('advances for all phone numbers', async () => {
    const { id } = await openSession(sandbox.url, freshPhoneNumber());
    const response = await send('POST', 'clock', { advance_seconds: 300 });
    expect(await response.json()).toEqual({ now: expect.any(String), advanced_seconds: 300 });
    expect(await checkedSession(sandbox.url, id)).toEqual({ status: 'expired' });
  });

  it('advances for one phone number', async () => {
    const [moved, still] = [freshPhoneNumber(), freshPhoneNumber()];
    const movedSession = await openSession(sandbox.url, moved);
    const stillSession = await openSession(sandbox.url, still);
    await control.advanceClock(300, moved);
    expect(await checkedSession(sandbox.url, movedSession.id)).toEqual({ status: 'expired' });
    expect(await checkedSession(sandbox.url, stillSession.id)).toEqual({ status: 'pending' });
  });
});

describe('the options', () => {
  it('are changed one at a time', async () => {
    expect(await read('options')).toEqual({
      call_numbers: 'distinct',
      match: 'call_number',
      callbacks: 'on',
      verified_phone_number_format: 'e164',
    });
    const response = await send('PATCH', 'options', { verified_phone_number_format: 'national' });
    expect(await response.json()).toEqual({
      call_numbers: 'distinct',
      match: 'call_number',
      callbacks: 'on',
      verified_phone_number_format: 'national',
    });
  });
});

describe('the sessions', () => {
  it('are listed with all their fields, for all phone numbers or one', async () => {
    const phoneNumber = freshPhoneNumber();
    const { id, callNumber } = await openSession(sandbox.url, phoneNumber);
    await openSession(sandbox.url, freshPhoneNumber());
    expect(await control.sessions()).toHaveLength(2);
    const [session, ...others] = await control.sessions(phoneNumber);
    expect(others).toEqual([]);
    expect(session).toEqual({
      id,
      phone_number: phoneNumber,
      call_number: callNumber,
      status: 'pending',
      callback_url: 'https://app.example/callback',
      callback: null,
      created_at: expect.any(String),
      expires_at: expect.any(String),
      expires_in_seconds: 300,
    });
    const lifetimeMs =
      Date.parse(session?.expires_at ?? '') - Date.parse(session?.created_at ?? '');
    expect(lifetimeMs).toBe(300_000);
  });
});

describe('the request log', () => {
  it('records every vendor request without the key', async () => {
    const phoneNumber = freshPhoneNumber();
    const { id } = await openSession(sandbox.url, phoneNumber);
    await check(sandbox.url, id);
    await check(sandbox.url, id, { headers: { authorization: 'Bearer wrong' } });
    await fetch(`${sandbox.url}/v1/elsewhere`);
    await fetch(`${sandbox.url}/`);

    const path = `/v1/auth/sessions/${id}`;
    const about = { at: expect.any(String), phone_number: phoneNumber, session_id: id };
    const checked = { ...about, method: 'GET', path, kind: 'check', body: null };
    expect(await control.requests()).toEqual([
      {
        ...about,
        method: 'POST',
        path: '/v1/auth/sessions',
        kind: 'create',
        authorized: true,
        status: 201,
        body: { phone_number: phoneNumber, callback_url: 'https://app.example/callback' },
      },
      { ...checked, authorized: true, status: 200 },
      { ...checked, authorized: false, status: 401 },
      expect.objectContaining({ path: '/v1/elsewhere', kind: 'other', status: 404 }),
    ]);
    expect(await (await send('GET', 'requests')).text()).not.toContain('sandbox-key');
  });

  it('is filtered by phone number', async () => {
    const phoneNumber = freshPhoneNumber();
    const { id } = await openSession(sandbox.url, phoneNumber);
    const other = await openSession(sandbox.url, freshPhoneNumber());
    await check(sandbox.url, id);
    await check(sandbox.url, other.id);
    await create(sandbox.url, { phone_number: phoneNumber, callback_url: 'nowhere' });

    const requests = await control.requests(phoneNumber);
    expect(requests.map(({ kind, status }) => [kind, status])).toEqual([
      ['create', 201],
      ['check', 200],
      ['create', 422],
    ]);
    // The plus is unescaped, as in a hand-typed address.
    expect(await read(`requests?phone_number=${phoneNumber}`)).toEqual({ requests });
  });
});

it('DELETE /state restores the state at boot', async () => {
  const phoneNumber = freshPhoneNumber();
  const { id, callNumber } = await openSession(sandbox.url, phoneNumber);
  await control.call(phoneNumber, callNumber);
  await control.addFault({ kind: 'reset' });
  await control.advanceClock(10);
  await control.advanceClock(10, phoneNumber);
  await control.setOptions({ callbacks: 'off', match: 'caller', call_numbers: 'shared' });

  expect((await send('DELETE', 'state')).status).toBe(204);

  expect(await control.sessions()).toEqual([]);
  expect(await control.calls()).toEqual([]);
  expect(await control.requests()).toEqual([]);
  expect(await read('faults')).toEqual({ faults: [] });
  expect(await read(`clock?phone_number=${phoneNumber}`)).toMatchObject({ advanced_seconds: 0 });
  expect(await read('options')).toMatchObject({
    callbacks: 'on',
    match: 'call_number',
    call_numbers: 'distinct',
  });
  expect((await check(sandbox.url, id)).status).toBe(404);
});

describe('a page', () => {
  it.each([
    ['of another site', { 'sec-fetch-site': 'cross-site' }],
    ['of another port', { 'sec-fetch-site': 'same-site' }],
    ['of another origin', { origin: 'https://evil.example' }],
    ['of an opaque origin', { origin: 'null' }],
  ])('%s cannot control the sandbox', async (_, headers) => {
    const response = await send('POST', 'clock', { advance_seconds: 1 }, headers);
    expect(response.status).toBe(403);
    expect(await read('clock')).toMatchObject({ advanced_seconds: 0 });
    expect((await send('GET', 'sessions', undefined, headers)).status).toBe(403);
  });

  it('whose host name was made to point to this machine cannot control the sandbox', async () => {
    const { port } = new URL(sandbox.url);
    const host = `rebound.example:${port}`;
    const request = get(`${sandbox.url}/_sandbox/sessions`, {
      headers: { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' },
    });
    const [response] = await once(request, 'response');
    response.resume();
    expect(response.statusCode).toBe(403);
  });

  it.each(['localhost', '[::1]', '192.0.2.1'])('opened as %s can', async (name) => {
    const { port } = new URL(sandbox.url);
    const request = get(`${sandbox.url}/_sandbox/sessions`, {
      headers: { host: `${name}:${port}` },
    });
    const [response] = await once(request, 'response');
    response.resume();
    expect(response.statusCode).toBe(200);
  });

  it('of the sandbox itself can', async () => {
    const headers = { origin: sandbox.url, 'sec-fetch-site': 'same-origin' };
    expect((await send('POST', 'clock', { advance_seconds: 1 }, headers)).status).toBe(200);
  });
});

describe('the test phone', () => {
  it('can read only the newest entries of a list', async () => {
    const phoneNumber = freshPhoneNumber();
    const first = await openSession(sandbox.url, phoneNumber);
    const second = await openSession(sandbox.url, phoneNumber);
    expect(await read('sessions?latest=1')).toMatchObject({ sessions: [{ id: second.id }] });
    expect(await read('sessions?latest=9')).toMatchObject({
      sessions: [{ id: first.id }, { id: second.id }],
    });
    expect(await read('requests?latest=1')).toMatchObject({
      requests: [{ kind: 'create', session_id: second.id }],
    });
    expect((await send('GET', 'requests?latest=0')).status).toBe(422);
  });

  it('can remove one fault and leave the others', async () => {
    const added = await send('POST', 'faults', { kind: 'reset' });
    const { id } = z.object({ id: z.number() }).parse(await added.json());
    await control.addFault({ kind: 'malformed' });
    expect((await send('DELETE', `faults/${id}`)).status).toBe(204);
    expect(await read('faults')).toMatchObject({ faults: [{ kind: 'malformed' }] });
    expect((await send('DELETE', `faults/${id}`)).status).toBe(404);
    expect((await send('DELETE', 'faults/x')).status).toBe(404);
  });
});
