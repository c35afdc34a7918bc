import { connect } from 'node:net';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { createSealer } from '#lib/cookies/seal.ts';
import { referenceOf } from '#lib/observe/log.ts';
import type { StoredEvent } from '#lib/store/schema.ts';
import { openSqlite } from '#lib/store/sqlite.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { startAppServer } from '#tests/support/app-server.ts';
import { runUsers } from '#tests/support/users-command.ts';
import { Visitor } from '#tests/support/visitor.ts';

/** For work that the server does in the background. */
const PATIENCE_MS = 30_000;

const apiKey = 'canary-key-7d1f0c2b9a';
const secret = 'Wq7cAnAryZ4mT9xB2nK6vR8sLp3Gd5Hf';
const vendorText = 'canary-from-the-vendor';
const typedText = 'canary-from-the-client';

/** The fields that every log line may have; it may have others. */
const lineSchema = z.looseObject({
  level: z.enum(['info', 'warn', 'error']),
  time: z.iso.datetime(),
  event: z.string().regex(/^[a-z_]+$/),
  msg: z.string(),
  request: z.optional(z.string().regex(/^[0-9a-f]{16}$/)),
  attempt: z.optional(z.string()),
  user: z.optional(z.string()),
  at: z.optional(z.string()),
});

/** One run: the secret texts, the server's output and the stored events. */
interface Run {
  canaries: Set<string>;
  output: string;
  events: StoredEvent[];
  /** By request id: the types of the events that the request must have recorded, in order. */
  expected: Map<string, string[]>;
}

let run: Run;

beforeAll(async () => {
  run = await runEverything();
}, 120_000);

describe('the output of a server in a whole run', () => {
  const lines = () => run.output.split('\n').filter((line) => line !== '');
  const parsed = () =>
    lines()
      .filter((line) => line.startsWith('{'))
      .map((line) => lineSchema.parse(JSON.parse(line)));
  const recorded = () => parsed().filter((line) => line.msg === 'recorded');

  it('holds no key, secret, cookie, token, id, phone number, typed text or vendor text', () => {
    expect(run.canaries.size).toBeGreaterThan(80);
    const leaked = [...run.canaries].filter((canary) => run.output.includes(canary));
    expect(leaked).toEqual([]);
  });

  it('is one JSON object per line, except what Next prints before it is ready', () => {
    const others = lines().filter((line) => !line.startsWith('{'));
    expect(
      others.filter((line) => !/^(▲ Next\.js |- (Local|Network): |✓ (Ready|Running) )/.test(line)),
    ).toEqual([]);
    expect(parsed().length).toBeGreaterThan(40);
    // No control character except the newline, not even C1 controls.
    expect(run.output).not.toMatch(/[^\P{Cc}\n]/u);
  });

  it('and the stored events hold no secret either, except the ids of users and attempts', () => {
    const stored = run.events.map(({ attempt_id, user_id, ...others }) => others);
    expect(stored.length).toBeGreaterThan(20);
    const leaked = [...run.canaries].filter((canary) => JSON.stringify(stored).includes(canary));
    expect(leaked).toEqual([]);
  });

  it('has exactly one line for each stored event', () => {
    const logged = recorded().map(({ event, at, attempt, user }) => ({ event, at, attempt, user }));
    const stored = run.events.map(({ type, at, attempt_id, user_id }) => ({
      event: type,
      at: new Date(at).toISOString(),
      attempt: attempt_id === null ? undefined : referenceOf(attempt_id),
      user: user_id === null ? undefined : referenceOf(user_id),
    }));
    const inOrder = (lines: object[]) => lines.map((line) => JSON.stringify(line)).toSorted();
    expect(inOrder(logged)).toEqual(inOrder(stored));
  });

  it('names the request that caused each event', () => {
    expect(run.expected.size).toBeGreaterThan(8);
    for (const [request, types] of run.expected) {
      expect(
        recorded()
          .filter((line) => line.request === request)
          .map((line) => line.event),
      ).toEqual(types);
    }
    expect(recorded().filter((line) => line.request === undefined)).toEqual([]);
  });

  it.each([
    'attempt_contested',
    'attempt_expired',
    'attempt_failed',
    'cookie_unreadable',
    'pauth_check_failed',
    'pauth_create_failed',
    'pauth_key_refused',
    'pauth_unknown_status',
    'pauth_number_mismatch',
    'pauth_number_unreadable',
    'console_output',
    'request_refused',
    'user_disabled',
  ])('has a line of %s, which shows that the run covered it', (event) => {
    expect(parsed().map((line) => line.event)).toContain(event);
  });

  it('names the code of each refused request', () => {
    const codes = parsed()
      .filter((line) => line.event === 'request_refused')
      .map((line) => line.code);
    expect(new Set(codes)).toEqual(
      new Set([
        'request_cross_origin',
        'request_not_json',
        'request_too_large',
        'request_invalid',
        'rate_limited',
        'session_missing',
      ]),
    );
  });

  it('names the limit that a refused start has reached', () => {
    const limited = parsed().filter((line) => line.code === 'rate_limited');
    expect(new Set(limited.map((line) => line.limit))).toEqual(new Set(['perNumber']));
  });
});

/** Runs a login and every failure of one, on a server and a sandbox of its own. */
async function runEverything(): Promise<Run> {
  const sandbox = await startSandbox({ apiKey });
  const vendor = createControlClient(sandbox.url);
  const app = await startAppServer(sandbox.url, {
    PAUTH_API_KEY: apiKey,
    SESSION_SECRET: secret,
    STATUS_WAIT_SECONDS: '0',
    PAUTH_TIMEOUT_MS: '1000',
    // Every kind of vendor failure must be seen, one after another.
    PAUTH_BREAKER: '1000/1',
  });
  await vi.waitFor(async () => {
    expect((await fetch(`${app.origin}/api/health`)).status).toBe(200);
  }, PATIENCE_MS);
  const store = openSqlite(app.databasePath);
  const canaries = new Set([apiKey, secret, vendorText, typedText]);
  const expected = new Map<string, string[]>();

  let count = 0;
  const newNumber = () => {
    count += 1;
    const [middle, last] = [String(7310 + count), String(4682 + count)];
    canaries.add(`${middle}${last}`).add(`${middle}-${last}`);
    return `+8190${middle}${last}`;
  };
  const newVisitor = () => {
    const visitor = new Visitor(app.origin);
    // Terminals take the byte 9b as the beginning of an escape sequence.
    visitor.userAgent += ` ${typedText}\u009b31m`;
    return visitor;
  };
  const expectEvents = (response: Response, types: string[]) =>
    expected.set(response.headers.get('x-request-id') ?? '', types);
  const openers = ['attempt cookie', 'session cookie'].map((purpose) => {
    const schema = z.record(z.string(), z.string());
    return createSealer({ purpose, schema, ttlSeconds: 600, secrets: [secret] });
  });
  /** Adds a visitor's cookies and the tokens sealed in them to the canaries. */
  const keepCookies = async (visitor: Visitor) => {
    for (const pair of visitor
      .cookieHeader()
      .split('; ')
      .filter((text) => text !== '')) {
      const value = pair.slice(pair.indexOf('=') + 1);
      canaries.add(value.slice(0, 60)).add(value.slice(-40));
      for (const opener of openers) {
        for (const token of Object.values((await opener.unseal(value))?.value ?? {})) {
          canaries.add(token);
        }
      }
    }
  };
  const start = async (visitor: Visitor, phoneNumber: string) => {
    const response = await visitor.start(phoneNumber);
    await keepCookies(visitor);
    return response;
  };
  const stateOf = async (pauthSessionId: string) => {
    const attempt = store.selectFrom('attempts').select('state');
    const found = await attempt.where('pauth_session_id', '=', pauthSessionId).executeTakeFirst();
    return found?.state;
  };
  /** Calls, and waits until the callback has brought the attempt to `state`. */
  const call = async (phoneNumber: string, state: string) => {
    const session = (await vendor.sessions(phoneNumber)).at(-1);
    await vendor.call(phoneNumber, session?.call_number ?? '');
    await vi.waitFor(async () => {
      expect(await stateOf(session?.id ?? '')).toBe(state);
    }, PATIENCE_MS);
  };
  const logIn = async (visitor: Visitor, phoneNumber: string, types: string[]) => {
    expectEvents(await start(visitor, phoneNumber), ['attempt_started']);
    await call(phoneNumber, 'verified');
    const response = await visitor.status();
    expect(await response.json()).toEqual({ status: 'verified' });
    expectEvents(response, types);
    await keepCookies(visitor);
  };
  /** Sends a callback, which causes a check, and waits for `event`. */
  const hint = async (phoneNumber: string, event: string) => {
    const session = (await vendor.sessions(phoneNumber)).at(-1);
    const path = new URL(session?.callback_url ?? '').pathname;
    const response = await newVisitor().fetch(path, { method: 'POST', body: typedText });
    const id = response.headers.get('x-request-id');
    await vi.waitFor(() => {
      expect(app.output()).toMatch(new RegExp(`"request":"${id}","event":"${event}"`));
    }, PATIENCE_MS);
  };

  // A person logs in on two devices, opens pages and logs out.
  const alice = newNumber();
  const [phone, desktop] = [newVisitor(), newVisitor()];
  await logIn(phone, alice, ['user_created', 'attempt_completed']);
  await logIn(desktop, alice, ['attempt_completed']);
  await desktop.fetch('/account');
  await desktop.fetch('/');
  const [other] = await store
    .selectFrom('sessions')
    .select('public_id')
    .orderBy('created_at')
    .execute();
  const sessionPath = `/api/auth/sessions/${other?.public_id}`;
  expectEvents(await desktop.fetch(sessionPath, { method: 'DELETE' }), ['session_ended']);
  await desktop.fetch(`/api/auth/sessions/${typedText}`, { method: 'DELETE' });
  expectEvents(await desktop.post('/api/auth/logout', {}), ['logged_out']);

  // A cancelled attempt, and one without a call.
  const quitter = newVisitor();
  await start(quitter, newNumber());
  expectEvents(await quitter.post('/api/auth/cancel', {}), ['attempt_cancelled']);
  const late = newNumber();
  await start(newVisitor(), late);
  await vendor.advanceClock(400, late);
  await hint(late, 'attempt_expired');

  // Every kind of vendor failure, with vendor text in it.
  for (const fault of [
    { kind: 'status', status: 401, body: vendorText },
    { kind: 'status', status: 422, body: `{"error":"${vendorText}"}` },
    { kind: 'status', status: 503, body: vendorText, retry_after_seconds: 2 },
    { kind: 'malformed', body: `${vendorText}\r\n\u001b[31m` },
    { kind: 'malformed', body: `{"id":"${vendorText}","call_number":"javascript:${vendorText}"}` },
    { kind: 'malformed', body: `{"id":"../${vendorText}","call_number":"050-1234-5678"}` },
    { kind: 'redirect', location: `http://127.0.0.1:9/${vendorText}` },
    { kind: 'reset' },
    { kind: 'delay', delay_ms: 3_000 },
  ] as const) {
    const phoneNumber = newNumber();
    await vendor.addFault({ ...fault, match: 'create', phone_number: phoneNumber });
    const response = await start(newVisitor(), phoneNumber);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expectEvents(response, ['attempt_started', 'attempt_failed']);
  }
  for (const [event, body] of [
    ['pauth_check_failed', vendorText],
    ['pauth_unknown_status', `{"status":"odd ${vendorText}\\r\\n\\u001b[31m"}`],
    ['pauth_number_unreadable', `{"status":"verified","phone_number":"${vendorText}"}`],
  ] as const) {
    const phoneNumber = newNumber();
    await start(newVisitor(), phoneNumber);
    await vendor.addFault({ kind: 'malformed', body, match: 'check', phone_number: phoneNumber });
    await hint(phoneNumber, event);
  }
  const [asked, answered] = [newNumber(), newNumber()];
  await start(newVisitor(), asked);
  await vendor.addFault({
    kind: 'wrong_number',
    phone_number: asked,
    answered_phone_number: answered,
  });
  await call(asked, 'failed');

  // Two browsers wait for one call.
  const contested = newNumber();
  await vendor.setOptions({ call_numbers: 'shared', match: 'caller' });
  const [mine, theirs] = [newVisitor(), newVisitor()];
  await start(mine, contested);
  await start(theirs, contested);
  await call(contested, 'verified');
  const settled = await mine.status();
  expect(settled.status).toBe(409);
  expectEvents(settled, ['attempt_contested', 'attempt_contested']);
  await vendor.setOptions({ call_numbers: 'distinct', match: 'call_number' });

  // Tampered cookies.
  const forger = newVisitor();
  await start(forger, newNumber());
  const seal = forger.cookie('call-login-attempt') ?? '';
  forger.setCookie('call-login-attempt', `${seal.slice(0, -3)}${typedText}`);
  await forger.status();
  forger.setCookie('call-login-session', `${typedText}%0d%0a`);
  await forger.fetch('/login');
  const planted = { cookie: `call-login-session=${typedText}; call-login-session=${seal}` };
  await forger.fetch('/api/auth/session', { headers: planted });

  // Requests that our own pages do not send.
  const stranger = newVisitor();
  // Of an Origin the log holds scheme, host and port.
  const hostile = {
    'sec-fetch-site': 'cross-site',
    origin: `https://${typedText}@foreign.example/${typedText}`,
  };
  await stranger.post('/api/auth/start', { phone_number: newNumber() }, hostile);
  await stranger.post('/api/auth/start', typedText);
  await stranger.post('/api/auth/start', { phone_number: typedText.repeat(400) });
  await stranger.post('/api/auth/start', { phone_number: newNumber(), [typedText]: typedText });
  await stranger.start(`${typedText}\r\n\u001b[31m{"level":"info"}`);
  await stranger.start(`0${newNumber()}99999\r\n`);
  const crowded = newNumber();
  for (let tries = 0; tries < 4; tries += 1) {
    const visitor = newVisitor();
    visitor.network = stranger.network;
    await start(visitor, crowded);
  }
  const orders = `${typedText}%0d%0a%1b%5b31m`;
  for (const path of [
    `/api/auth/callback/${orders}`,
    `/login?next=/${orders}`,
    `/${orders}`,
    `/api/${orders}`,
    `/_next/image?url=${orders}`,
  ]) {
    await stranger.fetch(path, { headers: { 'x-request-id': typedText, referer: typedText } });
  }
  const action = { 'next-action': `${typedText}\u009b31m`, 'content-type': 'text/plain' };
  await stranger.fetch('/login', { method: 'POST', headers: action, body: typedText });
  await sendRaw(app.origin, `TRACE /${typedText} HTTP/1.1\r\nhost: ${typedText}\r\n\r\n`);
  await sendRaw(app.origin, `${typedText}\r\n\u001b[31m\r\n\r\n`);

  // The operator's commands.
  const disabled = runUsers(app.databasePath, 'disable', alice);
  expect(disabled.status).toBe(0);
  expectEvents(await start(phone, alice), ['attempt_started']);
  await call(alice, 'verified');
  const refused = await phone.status();
  expect(refused.status).toBe(403);
  expectEvents(refused, ['attempt_failed']);

  const events = await store.selectFrom('events').selectAll().orderBy('id').execute();
  for (const { id, callback_url } of await vendor.sessions()) {
    canaries.add(id).add(callback_url.split('/').at(-1) ?? callback_url);
  }
  for (const table of ['attempts', 'sessions', 'users'] as const) {
    for (const row of await store.selectFrom(table).selectAll().execute()) {
      for (const [column, value] of Object.entries(row)) {
        if (/id|hash/.test(column) && typeof value === 'string') {
          canaries.add(value);
        }
      }
    }
  }
  await store.destroy();
  await app.stop();
  await sandbox.close();
  return { canaries, output: app.output() + disabled.stderr, events, expected };
}

/** Sends bytes that no client library would, and waits until the server closes the connection. */
async function sendRaw(origin: string, text: string): Promise<void> {
  const { hostname, port } = new URL(origin);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.end(text));
    socket.resume();
    socket.once('close', () => resolve());
    socket.once('error', () => resolve());
  });
}
