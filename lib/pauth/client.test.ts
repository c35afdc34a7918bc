import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createControlClient } from '#sandbox/control-client.ts';
import { selfSigned } from '#sandbox/self-signed.ts';
import { startSandbox } from '#sandbox/server.ts';
import { newPhoneNumber } from '#tests/support/test-login.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import { createPauthClient } from './client.ts';

const API_KEY = 'pk_canary_Jq7Zr2Xv9';
const CALLBACK_URL = new URL('https://login.example/api/auth/callback/canary-token');
const TIMEOUT_MS = 300;
/** The timeout, the delay before a retry, and slack for a slow machine. */
const MAX_DURATION_MS = TIMEOUT_MS + 900;

const sandbox = await startSandbox({ apiKey: API_KEY, callbacks: 'off' });
const control = createControlClient(sandbox.url);
afterAll(() => sandbox.close());

const client = clientOf(sandbox.url);
const impatient = clientOf(sandbox.url, TIMEOUT_MS);

function clientOf(url: string, timeoutMs = 3_000) {
  return createPauthClient({ baseUrl: new URL(url), apiKey: API_KEY, timeoutMs, country: 'JP' });
}

async function openSession(phoneNumber: PhoneNumber) {
  const created = await client.createSession(phoneNumber, CALLBACK_URL);
  if (!created.ok) {
    throw new Error(`no session: ${created.error.kind}`);
  }
  return created.value;
}

/** A vendor that answers every request with `answer`. `seen` collects the requests. */
async function startVendor(
  answer: RequestListener,
  onConnection: (socket: Socket) => void = () => {},
): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    answer(request, response);
  }).on('connection', onConnection);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { url: `http://127.0.0.1:${port}`, seen };
}

describe('create session', () => {
  it('sends the Bearer key and JSON {phone_number, callback_url}, nothing else', async () => {
    const phoneNumber = newPhoneNumber();
    const created = await client.createSession(phoneNumber, CALLBACK_URL);
    const [session] = await control.sessions(phoneNumber);
    expect(created).toEqual({
      ok: true,
      value: { pauthSessionId: session?.id, callNumber: session?.call_number },
    });
    expect(await control.requests(phoneNumber)).toMatchObject([
      { method: 'POST', path: '/v1/auth/sessions', authorized: true, status: 201 },
    ]);
    const [request] = await control.requests(phoneNumber);
    expect(request?.body).toEqual({
      phone_number: phoneNumber,
      callback_url: CALLBACK_URL.href,
    });
  });

  it('keeps the path of the base URL, with or without a trailing slash', async () => {
    const vendor = await startVendor((_, response) =>
      response.end('{"id":"a","call_number":"+815098760001"}'),
    );
    for (const path of ['', '/', '/eu', '/eu/']) {
      await clientOf(`${vendor.url}${path}`).createSession(newPhoneNumber(), CALLBACK_URL);
    }
    expect(vendor.seen.map((request) => request.split(' ')[1])).toEqual([
      '/v1/auth/sessions',
      '/v1/auth/sessions',
      '/eu/v1/auth/sessions',
      '/eu/v1/auth/sessions',
    ]);
  });

  it('ignores unknown fields', async () => {
    const vendor = await startVendor((_, response) =>
      response.end('{"id":7,"call_number":"050-9876-0001","expires_at":null,"extra":[1]}'),
    );
    expect(await clientOf(vendor.url).createSession(newPhoneNumber(), CALLBACK_URL)).toEqual({
      ok: true,
      value: { pauthSessionId: '7', callNumber: '+815098760001' },
    });
  });
});

describe('a connection to the vendor', () => {
  it('serves one request after another', async () => {
    let connections = 0;
    const vendor = await startVendor(
      (_, response) => response.end('{"status":"pending"}'),
      () => {
        connections += 1;
      },
    );
    for (const id of ['a', 'b', 'c', 'd']) {
      expect((await clientOf(vendor.url).checkSession(id)).ok).toBe(true);
    }
    expect(connections).toBe(1);
  });

  it('is given up before the vendor closes it', async () => {
    const connections: Socket[] = [];
    const vendor = await startVendor(
      (_, response) => response.setHeader('keep-alive', 'timeout=2').end('{"status":"pending"}'),
      (socket) => connections.push(socket),
    );
    await clientOf(vendor.url).checkSession('a');
    await Promise.all(connections.map((socket) => once(socket, 'close')));
    expect((await clientOf(vendor.url).checkSession('b')).ok).toBe(true);
    expect(connections).toHaveLength(2);
  });
});

describe('check status', () => {
  it('sends the Bearer key to the session with that id', async () => {
    const phoneNumber = newPhoneNumber();
    const { pauthSessionId } = await openSession(phoneNumber);
    expect(await client.checkSession(pauthSessionId)).toEqual({
      ok: true,
      value: { status: 'pending', unknownStatus: null },
    });
    expect((await control.requests(phoneNumber)).at(-1)).toMatchObject({
      method: 'GET',
      path: `/v1/auth/sessions/${pauthSessionId}`,
      authorized: true,
    });
  });

  it.each(['e164', 'national', 'international'] as const)(
    'parses a verified phone number in %s format',
    async (verified_phone_number_format) => {
      const vendor = await startSandbox({ apiKey: API_KEY, verified_phone_number_format });
      onTestFinished(() => vendor.close());
      const phoneNumber = newPhoneNumber();
      const vendorClient = clientOf(vendor.url);
      const created = await vendorClient.createSession(phoneNumber, CALLBACK_URL);
      const { pauthSessionId = '', callNumber = '' } = created.ok ? created.value : {};
      await createControlClient(vendor.url).call(phoneNumber, callNumber);
      expect(await vendorClient.checkSession(pauthSessionId)).toEqual({
        ok: true,
        value: { status: 'verified', phoneNumber },
      });
    },
  );

  it('parses expired', async () => {
    const phoneNumber = newPhoneNumber();
    const { pauthSessionId } = await openSession(phoneNumber);
    await control.advanceClock(301, phoneNumber);
    expect(await client.checkSession(pauthSessionId)).toEqual({
      ok: true,
      value: { status: 'expired' },
    });
  });

  it('treats an unknown status as pending and keeps its name', async () => {
    const phoneNumber = newPhoneNumber();
    const { pauthSessionId } = await openSession(phoneNumber);
    const body = '{"status":"ringing","phone_number":"x","extra":{}}';
    await control.addFault({ kind: 'malformed', phone_number: phoneNumber, body });
    expect(await client.checkSession(pauthSessionId)).toEqual({
      ok: true,
      value: { status: 'pending', unknownStatus: 'ringing' },
    });
  });

  it('returns the verified number even when it differs from the attempt’s', async () => {
    const phoneNumber = newPhoneNumber();
    const { pauthSessionId } = await openSession(phoneNumber);
    await control.addFault({
      kind: 'wrong_number',
      phone_number: phoneNumber,
      answered_phone_number: '+818011112222',
    });
    expect(await client.checkSession(pauthSessionId)).toEqual({
      ok: true,
      value: { status: 'verified', phoneNumber: '+818011112222' },
    });
  });

  it('fails with 404 for a session the vendor does not know', async () => {
    expect(await client.checkSession('no-such-session')).toEqual({
      ok: false,
      error: { kind: 'refused', status: 404, retryAfterSeconds: null },
    });
  });
});

/** Every way the vendor can fail. `tries` is how many requests a check sends. */
const failures = [
  ...[401, 403, 404, 422].map((status) => ({
    fault: { kind: 'status' as const, status },
    error: { kind: 'refused', status, retryAfterSeconds: null },
    tries: 1,
  })),
  ...[500, 502, 503].map((status) => ({
    fault: { kind: 'status' as const, status },
    error: { kind: 'refused', status, retryAfterSeconds: null },
    tries: 2,
  })),
  ...[429, 503].map((status) => ({
    fault: { kind: 'status' as const, status, retry_after_seconds: 7 },
    error: { kind: 'refused', status, retryAfterSeconds: 7 },
    tries: 1,
  })),
  { fault: { kind: 'reset' as const }, error: { kind: 'unreachable' }, tries: 2 },
  {
    fault: { kind: 'delay' as const, delay_ms: 60_000 },
    error: { kind: 'timed_out', timeoutMs: TIMEOUT_MS },
    tries: 1,
  },
  {
    fault: { kind: 'slow_body' as const, interval_ms: 20 },
    error: { kind: 'timed_out', timeoutMs: TIMEOUT_MS },
    tries: 1,
  },
  { fault: { kind: 'malformed' as const }, error: { kind: 'unexpected' }, tries: 1 },
  {
    fault: { kind: 'malformed' as const, body: '' },
    error: { kind: 'unexpected' },
    tries: 1,
  },
  {
    fault: { kind: 'huge_body' as const, bytes: 70_000, after: true },
    error: { kind: 'unexpected' },
    tries: 1,
  },
  {
    fault: { kind: 'redirect' as const, location: 'http://127.0.0.1:9/' },
    error: { kind: 'unexpected' },
    tries: 1,
  },
];

describe('a failing vendor', () => {
  it.each(failures)(
    'makes create session fail in time, without a retry: $fault',
    async (failure) => {
      const phoneNumber = newPhoneNumber();
      await control.addFault({ ...failure.fault, phone_number: phoneNumber });
      const startedAt = performance.now();
      const created = await impatient.createSession(phoneNumber, CALLBACK_URL);
      expect(performance.now() - startedAt).toBeLessThan(MAX_DURATION_MS);
      expect(created).toMatchObject({ ok: false, error: failure.error });
      expect(await control.requests(phoneNumber)).toHaveLength(1);
      expectNoSecrets(created, phoneNumber);
    },
  );

  it.each(failures)(
    'makes check status fail in time, after $tries requests: $fault',
    async ({ fault, error, tries }) => {
      const phoneNumber = newPhoneNumber();
      const { pauthSessionId } = await openSession(phoneNumber);
      await control.addFault({ ...fault, phone_number: phoneNumber });
      const startedAt = performance.now();
      const checking = error.kind === 'timed_out' ? impatient : client;
      const checked = await checking.checkSession(pauthSessionId);
      expect(performance.now() - startedAt).toBeLessThan(MAX_DURATION_MS);
      expect(checked).toMatchObject({ ok: false, error });
      expect(await control.requests(phoneNumber)).toHaveLength(1 + tries);
      expectNoSecrets(checked, phoneNumber);
    },
  );

  it('gets one retry of a check', async () => {
    const phoneNumber = newPhoneNumber();
    const { pauthSessionId } = await openSession(phoneNumber);
    await control.addFault({ kind: 'reset', phone_number: phoneNumber, times: 1 });
    expect(await client.checkSession(pauthSessionId)).toMatchObject({
      ok: true,
      value: { status: 'pending' },
    });
    expect(await control.requests(phoneNumber)).toHaveLength(3);
  });

  it('is unreachable when it accepts no connection', async () => {
    const closed = await startSandbox();
    await closed.close();
    const unconnected = clientOf(closed.url);
    const phoneNumber = newPhoneNumber();
    const created = await unconnected.createSession(phoneNumber, CALLBACK_URL);
    expect(created).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
    expectNoSecrets(created, phoneNumber);
  });

  it('is unreachable when its response is truncated', async () => {
    const vendor = await startVendor((_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{"status":"verified","phone_number":"+819012345678"}', () =>
        response.destroy(),
      );
    });
    expect(await clientOf(vendor.url).checkSession('a')).toMatchObject({
      ok: false,
      error: { kind: 'unreachable' },
    });
  });

  it('may send a body of the maximum size, but not one byte more', async () => {
    const body = '{"status":"pending"}';
    const answers = [body.padEnd(65_536), body.padEnd(65_537)];
    const vendor = await startVendor((_, response) => response.end(answers.shift()));
    expect(await clientOf(vendor.url).checkSession('a')).toMatchObject({ ok: true });
    expect(await clientOf(vendor.url).checkSession('a')).toMatchObject({
      ok: false,
      error: { kind: 'unexpected' },
    });
  });

  it.each(['7', 'Wed, 21 Oct 2099 07:28:00 GMT', 'soon', '-5', ''])(
    'may send Retry-After: %j',
    async (header) => {
      const vendor = await startVendor((_, response) =>
        response.writeHead(429, { 'retry-after': header }).end(),
      );
      const checked = await clientOf(vendor.url).checkSession('a');
      const error = checked.ok ? null : checked.error;
      const seconds = error?.kind === 'refused' ? error.retryAfterSeconds : undefined;
      expect(seconds === null || (Number.isInteger(seconds) && Number(seconds) >= 0)).toBe(true);
      expect(seconds === null).toBe(header === 'soon' || header === '');
    },
  );
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])(
    'with %i is not followed and does not leak the key',
    async (status) => {
      const sink = await startVendor((_, response) =>
        response.end('{"status":"verified","phone_number":"+819012345678"}'),
      );
      const vendor = await startVendor((_, response) =>
        response.writeHead(status, { location: `${sink.url}/v1/auth/sessions/a` }).end(),
      );
      const redirected = clientOf(vendor.url);
      expect(await redirected.createSession(newPhoneNumber(), CALLBACK_URL)).toMatchObject({
        ok: false,
        error: { kind: 'unexpected' },
      });
      expect(await redirected.checkSession('a')).toMatchObject({
        ok: false,
        error: { kind: 'unexpected' },
      });
      expect(sink.seen).toEqual([]);
      expect(vendor.seen).toHaveLength(2);
    },
  );
});

it.each(['gzip', 'br', 'x-unknown'])('rejects a response compressed with %s', async (encoding) => {
  const vendor = await startVendor((_, response) => {
    response.setHeader('content-encoding', encoding);
    response.end(gzipSync('{"status":"pending"}'));
  });
  expect(await clientOf(vendor.url).checkSession('a')).toMatchObject({
    ok: false,
    error: { kind: 'unexpected' },
  });
  expect(vendor.seen[0]).toContain('"accept-encoding":"identity"');
});

it('verifies TLS certificates: a vendor with a self-signed one is unreachable', async () => {
  const impostor = await startSandbox({ apiKey: API_KEY, tls: selfSigned });
  onTestFinished(() => impostor.close());
  const phoneNumber = newPhoneNumber();
  const created = await clientOf(impostor.url).createSession(phoneNumber, CALLBACK_URL);
  expect(created).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
  const checked = await clientOf(impostor.url).checkSession('a');
  expect(checked).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
  expectNoSecrets(created, phoneNumber);
});

it.each([
  '{"status":"canary-token","phone_number":"+819012345678","id":"pk_canary_Jq7Zr2Xv9"',
  '{"id":"a","call_number":"+819012345678pk_canary_Jq7Zr2Xv9","status":"verified","phone_number":[]}',
  '"+819012345678 pk_canary_Jq7Zr2Xv9"',
])('an error does not quote a response that echoes what was sent: %s', async (body) => {
  const vendor = await startVendor((_, response) => response.end(body));
  const phoneNumber = newPhoneNumber();
  for (const outcome of [
    await clientOf(vendor.url).createSession(phoneNumber, CALLBACK_URL),
    await clientOf(vendor.url).checkSession('a'),
  ]) {
    expect(outcome.ok).toBe(false);
    expectNoSecrets(outcome, phoneNumber);
    expect(JSON.stringify(outcome)).not.toContain('9012345678');
  }
});

function expectNoSecrets(outcome: unknown, phoneNumber: PhoneNumber): void {
  const text = JSON.stringify(outcome);
  expect(text).not.toContain(API_KEY);
  expect(text).not.toContain(phoneNumber.slice(1));
  expect(text).not.toContain('canary-token');
}
