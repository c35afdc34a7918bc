import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { attemptViewSchema, errorReplySchema, phoneNumberSchema } from '#lib/shared/contract.ts';
import type { PhoneNumber } from '#lib/shared/phone-number.ts';
import { openSqlite } from '#lib/store/sqlite.ts';
import { type ControlClient, createControlClient } from '#sandbox/control-client.ts';
import { type Sandbox, startSandbox } from '#sandbox/server.ts';
import { type AppServer, startAppServer } from '#tests/support/app-server.ts';
import { findUnaccounted } from '#tests/support/audit.ts';
import { createFaultInjector, type FaultKind } from '#tests/support/failing-statements.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

/** An upper limit for work that the server does in the background. */
const PATIENCE_MS = 30_000;

const folder = mkdtempSync(join(tmpdir(), 'call-login-'));
const failures = createFaultInjector(join(folder, 'order'));
let sandbox: Sandbox;
let vendor: ControlClient;
let app: AppServer;
let store: ReturnType<typeof openSqlite>;

beforeAll(async () => {
  sandbox = await startSandbox({ callbacks: 'off' });
  vendor = createControlClient(sandbox.url);
  app = await startAppServer(sandbox.url, {
    ...failures.env,
    STATUS_WAIT_SECONDS: '0',
    PAUTH_TIMEOUT_MS: '1000',
    START_LIMIT_TOTAL: '100000/3600',
  });
  store = openSqlite(app.databasePath);
});

afterAll(async () => {
  await store.destroy();
  await app.stop();
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

/** A person with a browser and a phone number. */
interface Person {
  visitor: Visitor;
  phoneNumber: PhoneNumber;
}

async function arrive(): Promise<Person> {
  return {
    visitor: new Visitor(app.origin),
    phoneNumber: phoneNumberSchema.parse(randomPhoneNumber()),
  };
}

async function start(): Promise<Person> {
  const person = await arrive();
  await person.visitor.start(person.phoneNumber);
  return person;
}

/** A person whose call has been verified after a callback. */
async function call(): Promise<Person> {
  const person = await start();
  await callFrom(person);
  return person;
}

async function callFrom({ visitor, phoneNumber }: Person): Promise<void> {
  const [session] = (await vendor.sessions(phoneNumber)).slice(-1);
  await vendor.call(phoneNumber, session?.call_number ?? '');
  await visitor.fetch(new URL(session?.callback_url ?? '').pathname, { method: 'POST' });
  await vi.waitFor(async () => {
    const { state } = await store
      .selectFrom('attempts')
      .select('state')
      .where('pauth_session_id', '=', session?.id ?? '')
      .executeTakeFirstOrThrow();
    expect(state).toBe('verified');
  }, PATIENCE_MS);
}

async function logIn(): Promise<Person> {
  const person = await call();
  expect(await (await person.visitor.status()).json()).toEqual({ status: 'verified' });
  return person;
}

const session = async ({ visitor }: Person) => await visitor.fetch('/api/auth/session');

/** Expects that the person can complete the login, or a new one, once the database has recovered. */
async function expectLoginWorks(person: Person): Promise<void> {
  const { visitor, phoneNumber } = person;
  const status = await visitor.status();
  const body = z.object({ status: z.optional(z.string()) }).parse(await status.json());
  if (body.status !== 'verified') {
    const started = await visitor.start(phoneNumber);
    attemptViewSchema.parse(await started.json());
    await callFrom(person);
    // A start that failed halfway counts as another browser's until its time limit has passed.
    await vi.waitFor(async () => {
      expect(await (await visitor.status()).json()).toEqual({ status: 'verified' });
    }, PATIENCE_MS);
  }
  expect((await session(person)).status).toBe(200);
}

const json = (value: unknown) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

interface Case {
  name: string;
  prepare(): Promise<Person>;
  request(person: Person): Promise<Response>;
  /** The least number of statements, to show that the faults are really injected. */
  statements: number;
}

const api: Case[] = [
  {
    name: 'POST /api/auth/start',
    prepare: arrive,
    request: ({ visitor, phoneNumber }) => visitor.start(phoneNumber),
    statements: 6,
  },
  {
    name: 'GET /api/auth/status, waiting',
    prepare: start,
    request: ({ visitor }) => visitor.status(),
    statements: 2,
  },
  {
    name: 'GET /api/auth/status, after the call',
    prepare: call,
    request: ({ visitor }) => visitor.status(),
    statements: 11,
  },
  {
    name: 'GET /api/auth/status, its answer lost',
    prepare: async () => {
      const person = await call();
      const cookies = person.visitor.clone();
      await person.visitor.status();
      return { ...person, visitor: cookies };
    },
    request: ({ visitor }) => visitor.status(),
    statements: 3,
  },
  {
    name: 'POST /api/auth/cancel',
    prepare: start,
    request: ({ visitor }) => visitor.post('/api/auth/cancel', {}),
    statements: 5,
  },
  {
    name: 'GET /api/auth/session',
    prepare: logIn,
    request: session,
    statements: 4,
  },
  {
    name: 'POST /api/auth/logout',
    prepare: logIn,
    request: ({ visitor }) => visitor.post('/api/auth/logout', {}),
    statements: 6,
  },
  {
    name: 'DELETE /api/auth/sessions',
    prepare: logIn,
    request: ({ visitor }) => visitor.fetch('/api/auth/sessions', { method: 'DELETE' }),
    statements: 5,
  },
  {
    name: 'DELETE /api/auth/sessions/[id]',
    prepare: async () => {
      const person = await logIn();
      const second = { ...person, visitor: new Visitor(app.origin) };
      await second.visitor.start(person.phoneNumber);
      await callFrom(second);
      await second.visitor.status();
      return second;
    },
    request: async ({ visitor, phoneNumber }) => {
      const other = await store
        .selectFrom('sessions')
        .innerJoin('users', 'users.id', 'sessions.user_id')
        .select('sessions.public_id')
        .where('users.phone_number', '=', phoneNumber)
        .orderBy('sessions.created_at')
        .executeTakeFirst();
      return await visitor.fetch(`/api/auth/sessions/${other?.public_id}`, { method: 'DELETE' });
    },
    statements: 6,
  },
  {
    name: 'POST /api/auth/sessions/seen',
    prepare: logIn,
    request: ({ visitor }) =>
      visitor.fetch('/api/auth/sessions/seen', {
        method: 'POST',
        ...json({ until: new Date().toISOString() }),
      }),
    statements: 6,
  },
  {
    name: 'GET /api/health',
    prepare: arrive,
    request: ({ visitor }) => visitor.fetch('/api/health'),
    statements: 1,
  },
];

/** Expects an error answer that reveals nothing of the failure and sets no cookie. */
async function expectClosed(response: Response, kind: FaultKind, place: string): Promise<void> {
  const text = await response.text();
  expect(response.status, place).toBe(kind === 'disk' ? 503 : 500);
  expect(response.headers.getSetCookie(), place).toEqual([]);
  const { code, error, request_id } = strictErrorSchema.parse(JSON.parse(text));
  expect(code, place).toBe(kind === 'disk' ? 'store_unavailable' : 'internal_error');
  expect(error).not.toMatch(/disk|canary|node:|\.ts|\.js/);
  const lines = app
    .output()
    .split('\n')
    .filter((line) => line.includes(request_id));
  expect(
    lines.filter((line) => line.includes(`"event":"${code}"`)),
    place,
  ).toHaveLength(1);
  expect(lines.join(), place).not.toMatch(/canary|\+8190|9012345678/);
}

const strictErrorSchema = z.strictObject({
  ...errorReplySchema.shape,
  request_id: z.string(),
  retry_after_seconds: z.number(),
});

// Each statement of each route takes a new login.
vi.setConfig({ testTimeout: 120_000 });

describe('a request during which one SQL statement fails', () => {
  it.each(api)('fails as a whole and can be repeated: $name', async (each) => {
    let nth = 1;
    for (; ; nth += 1) {
      const kind = nth % 2 === 0 ? 'bug' : 'disk';
      const person = await each.prepare();
      failures.arm(nth, kind);
      const response = await each.request(person);
      const place = `statement ${nth}`;
      if (!failures.disarm()) {
        expect(response.status, place).toBe(200);
        break;
      }
      await expectClosed(response, kind, place);
      expect((await each.request(person)).status, place).toBeLessThan(500);
      await expectLoginWorks(person);
    }
    expect(nth - 1).toBeGreaterThanOrEqual(each.statements);
  });

  it.each([
    ['/login', start],
    ['/account', logIn],
    ['/', logIn],
  ])('shows only an error page: %s', async (path, prepare) => {
    let nth = 1;
    for (; ; nth += 1) {
      const { visitor } = await prepare();
      failures.arm(nth, nth % 2 === 0 ? 'bug' : 'disk');
      const response = await visitor.fetch(path);
      const text = await response.text();
      if (!failures.disarm()) {
        expect(response.status).toBe(path === '/' ? 307 : 200);
        break;
      }
      expect(response.status).toBe(500);
      expect(response.headers.getSetCookie()).toEqual([]);
      expect(text).not.toMatch(/canary|\+8180|fail-closed|node_modules/);
      expect((await visitor.fetch(path)).status).toBeLessThan(500);
    }
    expect(nth).toBeGreaterThan(1);
  });

  it('answers a callback with 204, and the next poll completes the login', async () => {
    for (let nth = 1; nth < 40; nth += 1) {
      const person = await start();
      const [session] = await vendor.sessions(person.phoneNumber);
      await vendor.call(person.phoneNumber, session?.call_number ?? '');
      failures.arm(nth, 'disk');
      const path = new URL(session?.callback_url ?? '').pathname;
      const response = await person.visitor.fetch(path, { method: 'POST' });
      expect(response.status).toBe(204);
      const requestId = response.headers.get('x-request-id') ?? '';
      // The work continues after the answer: it fails with one log line, or it succeeds.
      await vi.waitFor(() => {
        expect(app.output()).toMatch(
          new RegExp(`${requestId}.*(callback_failed|attempt_verified)`),
        );
      }, PATIENCE_MS);
      if (!failures.disarm()) {
        break;
      }
      await vi.waitFor(async () => {
        const { status } = z
          .object({ status: z.string() })
          .parse(await (await person.visitor.status()).json());
        expect(status).toBe('verified');
      }, PATIENCE_MS);
    }
  });
});

it('the events account for every change', async () => {
  expect(await findUnaccounted(store)).toEqual([]);
});
