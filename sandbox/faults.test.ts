import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import { createControlClient } from './control-client.ts';
import { startSandbox } from './server.ts';
import { check, checkedSession, create, freshPhoneNumber, openSession } from './vendor-requests.ts';

const sandbox = await startSandbox();
const control = createControlClient(sandbox.url);
afterAll(() => sandbox.close());

const callback_url = 'https://app.example/callback';
const createFor = (phone_number: string) => create(sandbox.url, { phone_number, callback_url });

describe('a status fault', () => {
  it('answers with its status, body and Retry-After, and creates no session', async () => {
    const phone_number = freshPhoneNumber();
    const body = '{"message":"slow down"}';
    await control.addFault({
      kind: 'status',
      status: 429,
      phone_number,
      body,
      retry_after_seconds: 7,
    });
    const response = await createFor(phone_number);
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(await response.text()).toBe(body);
    expect(await control.sessions(phone_number)).toEqual([]);
    expect(await control.requests(phone_number)).toMatchObject([{ kind: 'create', status: 429 }]);
  });

  it('has no body when its status allows none', async () => {
    const phone_number = freshPhoneNumber();
    await control.addFault({ kind: 'status', status: 204, phone_number });
    const response = await createFor(phone_number);
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
  });
});

describe('a delay fault', () => {
  it('answers normally after its delay', async () => {
    const phone_number = freshPhoneNumber();
    await control.addFault({ kind: 'delay', delay_ms: 60, phone_number });
    const startedAt = performance.now();
    const response = await createFor(phone_number);
    expect(response.status).toBe(201);
    // Timers may fire a millisecond early.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(59);
    expect(await control.sessions(phone_number)).toHaveLength(1);
  });

  it('with `after` creates the session before its delay, and logs no status if the client disconnects', async () => {
    const phone_number = freshPhoneNumber();
    await control.addFault({ kind: 'delay', delay_ms: 400, phone_number, after: true });
    const leaving = new AbortController();
    const answer = create(sandbox.url, { phone_number, callback_url }, {}, leaving.signal);
    await expect.poll(() => control.sessions(phone_number)).toHaveLength(1);
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await createFor(phone_number);
    expect(await control.requests(phone_number)).toMatchObject([{ status: null }, { status: 201 }]);
  });
});

describe('a reset fault', () => {
  it('closes the connection without an answer', async () => {
    const phone_number = freshPhoneNumber();
    await control.addFault({ kind: 'reset', phone_number });
    await expect(createFor(phone_number)).rejects.toThrow();
    expect(await control.sessions(phone_number)).toEqual([]);
    const [logged] = await control.requests(phone_number);
    expect(logged).toMatchObject({ kind: 'create', status: null });
  });
});

describe('a malformed fault', () => {
  it('answers 200 with truncated JSON', async () => {
    const phone_number = freshPhoneNumber();
    await control.addFault({ kind: 'malformed', phone_number });
    const response = await createFor(phone_number);
    expect(response.status).toBe(200);
    await expect(response.json()).rejects.toThrow(SyntaxError);
    expect(await control.sessions(phone_number)).toEqual([]);
  });

  it('answers 200 with a given body', async () => {
    const phone_number = freshPhoneNumber();
    await control.addFault({ kind: 'malformed', phone_number, body: '<html>' });
    expect(await (await createFor(phone_number)).text()).toBe('<html>');
  });
});

describe('a slow_body fault', () => {
  it('sends the headers at once and then a byte at a time', async () => {
    const phone_number = freshPhoneNumber();
    const { id } = await openSession(sandbox.url, phone_number);
    await control.addFault({ kind: 'slow_body', phone_number, interval_ms: 20 });
    const sent = request(`${sandbox.url}/v1/auth/sessions/${id}`, {
      headers: { authorization: 'Bearer sandbox-key' },
    }).end();
    const [response] = await once(sent, 'response');
    expect(response.statusCode).toBe(200);
    const chunks: Buffer[] = [];
    for await (const chunk of response) {
      chunks.push(chunk);
      if (chunks.length === 3) {
        break;
      }
    }
    expect(chunks.map(String)).toEqual([' ', ' ', ' ']);
  });

  it('sends the headers before the first byte', async () => {
    const phone_number = freshPhoneNumber();
    const { id } = await openSession(sandbox.url, phone_number);
    await control.addFault({ kind: 'slow_body', phone_number, interval_ms: 600_000 });
    const leaving = new AbortController();
    const response = await check(sandbox.url, id, { signal: leaving.signal });
    expect(response.status).toBe(200);
    leaving.abort();
    await expect(response.text()).rejects.toThrow();
  });
});

describe('a huge_body fault', () => {
  it('answers valid JSON padded with spaces', async () => {
    const phone_number = freshPhoneNumber();
    await control.addFault({ kind: 'huge_body', phone_number, bytes: 300_000, times: 1 });
    const text = await (await createFor(phone_number)).text();
    expect(text).toHaveLength(300_002);
    expect(JSON.parse(text)).toEqual({});
    expect(await control.sessions(phone_number)).toEqual([]);
  });

  it('with `after` pads the real answer, to 10 MB by default', async () => {
    const phone_number = freshPhoneNumber();
    await control.addFault({ kind: 'huge_body', phone_number, after: true });
    const text = await (await createFor(phone_number)).text();
    expect(text.length).toBeGreaterThan(10_000_000);
    const [session] = await control.sessions(phone_number);
    expect(JSON.parse(text)).toMatchObject({ id: session?.id });
  });
});

describe('a wrong_number fault', () => {
  it('answers a check as verified for another phone number', async () => {
    const phone_number = freshPhoneNumber();
    const { id } = await openSession(sandbox.url, phone_number);
    await control.addFault({ kind: 'wrong_number', phone_number, times: 1 });
    expect(await checkedSession(sandbox.url, id)).toEqual({
      status: 'verified',
      phone_number: '+819099999999',
    });
    expect(await checkedSession(sandbox.url, id)).toEqual({ status: 'pending' });
  });

  it('answers with a given number and does not affect creates', async () => {
    const phone_number = freshPhoneNumber();
    const answered_phone_number = '+818011112222';
    await control.addFault({ kind: 'wrong_number', phone_number, answered_phone_number });
    const { id } = await openSession(sandbox.url, phone_number);
    expect(await checkedSession(sandbox.url, id)).toMatchObject({
      phone_number: answered_phone_number,
    });
    const withoutKey = await check(sandbox.url, id, { headers: { authorization: 'Bearer no' } });
    expect(withoutKey.status).toBe(401);
  });
});

describe('a redirect fault', () => {
  it('answers 307 to its location', async () => {
    const phone_number = freshPhoneNumber();
    const location = 'http://127.0.0.1:9/elsewhere';
    await control.addFault({ kind: 'redirect', phone_number, location });
    const response = await createFor(phone_number);
    expect(response.status).toBe(307);
    expect(response.headers.get('location')).toBe(location);
  });
});

describe('a fault', () => {
  it.each([
    { kind: 'status', status: 500 },
    { kind: 'reset' },
    { kind: 'malformed' },
    { kind: 'slow_body', interval_ms: 1 },
    { kind: 'redirect', location: '/' },
  ] as const)('with `after` creates the session and loses the answer: $kind', async (fault) => {
    const phone_number = freshPhoneNumber();
    await control.addFault({ ...fault, phone_number, after: true, match: 'create' });
    await createFor(phone_number).then(
      (response) => response.body?.cancel(),
      () => undefined,
    );
    expect(await control.sessions(phone_number)).toMatchObject([{ status: 'pending' }]);
  });

  it('hits `times` requests of the kind `match`', async () => {
    const phone_number = freshPhoneNumber();
    await control.addFault({
      kind: 'status',
      status: 503,
      phone_number,
      match: 'check',
      times: 2,
    });
    const { id } = await openSession(sandbox.url, phone_number);
    const statuses: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      statuses.push((await check(sandbox.url, id)).status);
    }
    expect(statuses).toEqual([503, 503, 200]);
  });

  it('applies after those added before it', async () => {
    const phone_number = freshPhoneNumber();
    await control.addFault({ kind: 'status', status: 500, phone_number, times: 1 });
    await control.addFault({ kind: 'status', status: 503, phone_number, times: 1 });
    expect((await createFor(phone_number)).status).toBe(500);
    expect((await createFor(phone_number)).status).toBe(503);
    expect((await createFor(phone_number)).status).toBe(201);
  });

  it('for one phone number does not affect others and is deleted separately', async () => {
    const broken = freshPhoneNumber();
    const alsoBroken = freshPhoneNumber();
    const sound = freshPhoneNumber();
    const { id: brokenId } = await openSession(sandbox.url, broken);
    const { id: soundId } = await openSession(sandbox.url, sound);
    await control.addFault({ kind: 'status', status: 500, phone_number: broken });
    await control.addFault({ kind: 'status', status: 500, phone_number: alsoBroken });

    expect((await createFor(broken)).status).toBe(500);
    expect((await check(sandbox.url, brokenId)).status).toBe(500);
    expect((await createFor(sound)).status).toBe(201);
    expect((await check(sandbox.url, soundId)).status).toBe(200);

    await control.clearFaults(broken);
    expect((await createFor(broken)).status).toBe(201);
    expect((await createFor(alsoBroken)).status).toBe(500);
  });
});

it('active faults are listed with how many requests they will still hit', async () => {
  const alone = await startSandbox();
  const aloneControl = createControlClient(alone.url);
  const { id } = await openSession(alone.url, '+819012345678');
  await aloneControl.addFault({ kind: 'status', status: 500, times: 2 });
  await aloneControl.addFault({ kind: 'reset', match: 'create' });
  expect((await check(alone.url, id)).status).toBe(500);
  const listed = await fetch(`${alone.url}/_sandbox/faults`);
  expect(await listed.json()).toEqual({
    faults: [
      {
        id: 1,
        kind: 'status',
        status: 500,
        body: '{"error":"sandbox fault"}',
        after: false,
        times: 1,
      },
      { id: 2, kind: 'reset', match: 'create', after: false, times: null },
    ],
  });
  await aloneControl.clearFaults();
  expect((await check(alone.url, id)).status).toBe(200);
  await alone.close();
});
