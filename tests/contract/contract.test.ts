import { describe, expect, inject, it } from 'vitest';
import { routes } from '#app/api/routes.ts';
import { MAX_HELD_POLLS } from '#lib/login/poll.ts';
import {
  attemptViewSchema,
  newPasskeyReplySchema,
  passkeyOptionsReplySchema,
  statusReplySchema,
} from '#lib/shared/contract.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { type Deviation, TestPasskey } from '#tests/support/authenticator.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';
import { expectDocumented } from './documented.ts';

/**
 * What every host must answer, asked of two: `server/`, and Next's own server or what Vercel builds. Each scenario
 * runs on both, with a browser and a phone number of its own, and both must answer as expected, alike, and as the
 * OpenAPI document says.
 */

const hosts = inject('hosts');
const vendor = createControlClient(inject('contractSandboxUrl'));

interface Person {
  visitor: Visitor;
  phoneNumber: string;
}

interface Scenario {
  name: string;
  run(person: Person): Promise<Response>;
  status: number;
  code?: string;
}

const start = async ({ visitor, phoneNumber }: Person) =>
  attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());

const call = async (person: Person) => {
  const { call_number } = await start(person);
  await vendor.call(person.phoneNumber, call_number);
};

const logIn = async (person: Person) => {
  await call(person);
  expect((await person.visitor.status()).status).toBe(200);
};

const callbackOf = async ({ phoneNumber }: Person) => {
  const [session] = await vendor.sessions(phoneNumber);
  return new URL(session?.callback_url ?? '').pathname;
};

/** Logs in by call and adds a passkey. @returns it with the answer to its adding. */
const addPasskey = async (person: Person) => {
  await logIn(person);
  const { visitor } = person;
  const options = await visitor.post('/api/auth/passkeys/new', '');
  const passkey = new TestPasskey(visitor.origin);
  const made = passkey.create(newPasskeyReplySchema.parse(await options.json()));
  return { passkey, response: await visitor.post('/api/auth/passkeys/add', made) };
};

/** Answers a new challenge with a passkey. */
const answerWith = async (
  { visitor }: Person,
  passkey: TestPasskey,
  to: 'login' | 'confirm',
  deviation: Deviation = {},
) => {
  const options = await visitor.post('/api/auth/passkeys/options', '');
  const use = passkey.use(passkeyOptionsReplySchema.parse(await options.json()), deviation);
  return await visitor.post(`/api/auth/passkeys/${to}`, use);
};

/** The same person on a browser without their passkey, logged in by call alone. */
const logInElsewhere = async (person: Person) => {
  const elsewhere = { ...person, visitor: new Visitor(person.visitor.origin) };
  await logIn(elsewhere);
  return elsewhere.visitor;
};

const form = (visitor: Visitor, path: string, fields: Record<string, string>) =>
  visitor.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });

const sweep = (visitor: Visitor, secret: string) =>
  visitor.fetch('/api/cron/sweep', { headers: { authorization: `Bearer ${secret}` } });

/** The other session of a person who is logged in twice. */
const otherSessionOf = async (person: Person) => {
  await logIn(person);
  const other = { ...person, visitor: new Visitor(person.visitor.origin, expectDocumented) };
  await logIn(other);
  return other;
};

const pathOf = (path: string) => path.replace('[token]', 't'.repeat(43)).replace('[id]', 'nobody');

const scenarios: Scenario[] = [
  // Starting
  { name: 'start', status: 200, run: ({ visitor, phoneNumber }) => visitor.start(phoneNumber) },
  {
    name: 'start again returns the live attempt',
    status: 200,
    async run(person) {
      await start(person);
      return await person.visitor.start(person.phoneNumber);
    },
  },
  {
    name: 'start with no number',
    status: 422,
    code: 'phone_number_missing',
    run: ({ visitor }) => visitor.start(''),
  },
  {
    name: 'start with a number the vendor refuses',
    status: 422,
    code: 'pauth_refused_number',
    async run({ visitor, phoneNumber }) {
      await vendor.addFault({ kind: 'status', status: 422, phone_number: phoneNumber });
      return await visitor.start(phoneNumber);
    },
  },
  {
    name: 'start while the vendor is unreachable',
    status: 503,
    code: 'pauth_unreachable',
    async run({ visitor, phoneNumber }) {
      await vendor.addFault({ kind: 'reset', phone_number: phoneNumber });
      return await visitor.start(phoneNumber);
    },
  },
  {
    name: 'start while the vendor is silent',
    status: 504,
    code: 'pauth_timed_out',
    async run({ visitor, phoneNumber }) {
      await vendor.addFault({
        kind: 'delay',
        delay_ms: 3_000,
        phone_number: phoneNumber,
      });
      return await visitor.start(phoneNumber);
    },
  },
  {
    name: 'start once too often',
    status: 429,
    code: 'rate_limited',
    async run({ visitor, phoneNumber }) {
      for (let count = 0; count < 3; count += 1) {
        await visitor.start(phoneNumber);
        await visitor.post('/api/auth/cancel', '');
      }
      return await visitor.start(phoneNumber);
    },
  },

  // Polling
  {
    name: 'status without an attempt',
    status: 404,
    code: 'attempt_missing',
    run: ({ visitor }) => visitor.status(),
  },
  {
    name: 'status of a pending attempt, not held for long',
    status: 200,
    async run(person) {
      await start(person);
      return await person.visitor.status({ prefer: 'wait=1' });
    },
  },
  {
    name: 'status after the call logs in',
    status: 200,
    async run(person) {
      await call(person);
      return await person.visitor.status();
    },
  },
  {
    name: 'status is held until the call comes',
    status: 200,
    async run(person) {
      const { call_number } = await start(person);
      const held = person.visitor.status();
      await vendor.call(person.phoneNumber, call_number);
      return await held;
    },
  },
  {
    name: 'status once the session is used',
    status: 200,
    async run(person) {
      await logIn(person);
      await person.visitor.fetch('/api/auth/session');
      return await person.visitor.status();
    },
  },
  {
    name: 'status of an expired attempt is 408',
    status: 408,
    code: 'attempt_expired',
    async run(person) {
      await start(person);
      await expire(person);
      return await person.visitor.status();
    },
  },
  {
    name: 'status of an expired attempt is 408 again for who did not get the first answer',
    status: 408,
    code: 'attempt_expired',
    async run(person) {
      await start(person);
      await expire(person);
      const retry = person.visitor.clone();
      await person.visitor.status();
      return await retry.status();
    },
  },
  {
    name: 'status when the vendor verified another number',
    status: 410,
    code: 'attempt_failed',
    async run(person) {
      await vendor.addFault({ kind: 'wrong_number', phone_number: person.phoneNumber });
      await call(person);
      return await person.visitor.statusPrompted();
    },
  },
  {
    name: 'status while the vendor is unreachable',
    status: 503,
    code: 'pauth_unreachable',
    async run(person) {
      await start(person);
      await vendor.addFault({
        kind: 'reset',
        match: 'check',
        phone_number: person.phoneNumber,
      });
      return await person.visitor.statusPrompted();
    },
  },

  // Cancelling
  {
    name: 'cancel',
    status: 200,
    async run(person) {
      await start(person);
      return await person.visitor.post('/api/auth/cancel', '');
    },
  },
  {
    name: 'cancel without an attempt',
    status: 200,
    run: ({ visitor }) => visitor.post('/api/auth/cancel', ''),
  },
  {
    name: 'status after a cancel in another tab',
    status: 410,
    code: 'attempt_cancelled',
    async run(person) {
      await start(person);
      const otherTab = person.visitor.clone();
      await otherTab.post('/api/auth/cancel', '');
      return await person.visitor.status();
    },
  },

  // Numbers
  {
    name: 'number',
    status: 200,
    run: ({ visitor }) =>
      visitor.post('/api/auth/number', { phone_number: '０９０１２３４５６７８' }),
  },
  {
    name: 'number of an unknown country',
    status: 200,
    run: ({ visitor }) => visitor.post('/api/auth/number', { phone_number: '1', country: 'ZZ' }),
  },

  // Callbacks
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].map(
    (method): Scenario => ({
      name: `callback by ${method}`,
      status: 204,
      async run(person) {
        await start(person);
        return await person.visitor.fetch(await callbackOf(person), { method });
      },
    }),
  ),
  {
    name: 'callback with an unknown token',
    status: 204,
    run: ({ visitor }) => visitor.fetch('/api/auth/callback/unknown', { method: 'POST' }),
  },

  // Sessions
  {
    name: 'session of nobody',
    status: 401,
    code: 'not_logged_in',
    run: ({ visitor }) => visitor.fetch('/api/auth/session'),
  },
  ...['GET', 'HEAD'].map(
    (method): Scenario => ({
      name: `session by ${method}`,
      status: 200,
      async run(person) {
        await logIn(person);
        return await person.visitor.fetch('/api/auth/session', { method });
      },
    }),
  ),
  {
    name: 'log out',
    status: 200,
    async run(person) {
      await logIn(person);
      return await person.visitor.post('/api/auth/logout', '');
    },
  },
  {
    name: 'session after a log out, with the cookie kept',
    status: 401,
    code: 'not_logged_in',
    async run(person) {
      await logIn(person);
      const kept = person.visitor.clone();
      await person.visitor.post('/api/auth/logout', '');
      return await kept.fetch('/api/auth/session');
    },
  },
  {
    name: 'end the other sessions',
    status: 200,
    async run(person) {
      await otherSessionOf(person);
      return await person.visitor.fetch('/api/auth/sessions', { method: 'DELETE' });
    },
  },
  {
    name: 'session that another one has ended',
    status: 401,
    code: 'not_logged_in',
    async run(person) {
      const other = await otherSessionOf(person);
      await person.visitor.fetch('/api/auth/sessions', { method: 'DELETE' });
      return await other.visitor.fetch('/api/auth/session');
    },
  },
  {
    name: 'end a session that is not one of ours',
    status: 404,
    code: 'session_missing',
    async run(person) {
      await logIn(person);
      return await person.visitor.fetch('/api/auth/sessions/nobody', { method: 'DELETE' });
    },
  },
  {
    name: 'dismiss notices',
    status: 200,
    async run(person) {
      await logIn(person);
      const until = '2026-11-28T00:00:00.000Z';
      return await person.visitor.post('/api/auth/sessions/seen', { until });
    },
  },
  {
    name: 'dismiss notices until no instant',
    status: 400,
    code: 'request_invalid',
    async run(person) {
      await logIn(person);
      return await person.visitor.post('/api/auth/sessions/seen', { until: 'now' });
    },
  },

  // Passkeys
  {
    name: 'a challenge for a passkey',
    status: 200,
    run: ({ visitor }) => visitor.post('/api/auth/passkeys/options', ''),
  },
  {
    name: 'what a new passkey is made of',
    status: 200,
    async run(person) {
      await logIn(person);
      return await person.visitor.post('/api/auth/passkeys/new', '');
    },
  },
  {
    name: 'add a passkey after a call',
    status: 200,
    run: async (person) => (await addPasskey(person)).response,
  },
  {
    name: 'add a passkey that was made for another site',
    status: 403,
    code: 'passkey_refused',
    async run(person) {
      await logIn(person);
      const options = await person.visitor.post('/api/auth/passkeys/new', '');
      const passkey = new TestPasskey('https://evil.example');
      const made = passkey.create(newPasskeyReplySchema.parse(await options.json()));
      return await person.visitor.post('/api/auth/passkeys/add', made);
    },
  },
  {
    name: 'add a passkey without a challenge',
    status: 410,
    code: 'passkey_expired',
    async run(person) {
      await logIn(person);
      const made = { id: 'a', attestation: 'a', client_data: 'a' };
      return await person.visitor.post('/api/auth/passkeys/add', made);
    },
  },
  {
    name: 'log in with a passkey',
    status: 200,
    async run(person) {
      const { passkey } = await addPasskey(person);
      await person.visitor.post('/api/auth/logout', '');
      await answerWith(person, passkey, 'login');
      return await person.visitor.fetch('/api/auth/session');
    },
  },
  {
    name: 'log in with a passkey that is not known here',
    status: 404,
    code: 'passkey_unknown',
    run: (person) =>
      answerWith(person, new TestPasskey(person.visitor.origin), 'login', { userHandle: 'a' }),
  },
  {
    name: 'log in with a passkey that says it is of another user',
    status: 403,
    code: 'passkey_refused',
    async run(person) {
      const { passkey } = await addPasskey(person);
      return await answerWith(person, passkey, 'login', { userHandle: 'a' });
    },
  },
  {
    name: 'log in twice with one answer of a passkey',
    status: 410,
    code: 'passkey_expired',
    async run(person) {
      const { passkey } = await addPasskey(person);
      const options = await person.visitor.post('/api/auth/passkeys/options', '');
      const use = passkey.use(passkeyOptionsReplySchema.parse(await options.json()));
      const copy = person.visitor.clone();
      await person.visitor.post('/api/auth/passkeys/login', use);
      return await copy.post('/api/auth/passkeys/login', use);
    },
  },
  {
    name: 'log in with an answer in another shape',
    status: 400,
    code: 'request_invalid',
    run: ({ visitor }) => visitor.post('/api/auth/passkeys/login', { id: 'a' }),
  },
  {
    name: 'confirm with a passkey',
    status: 200,
    async run(person) {
      const { passkey } = await addPasskey(person);
      return await answerWith(person, passkey, 'confirm');
    },
  },
  {
    name: 'a session whose token a passkey has replaced',
    status: 401,
    code: 'not_logged_in',
    async run(person) {
      const { passkey } = await addPasskey(person);
      const copy = person.visitor.clone();
      await answerWith(person, passkey, 'confirm');
      return await copy.fetch('/api/auth/session');
    },
  },
  {
    name: 'whether to offer a passkey',
    status: 200,
    async run(person) {
      await logIn(person);
      return await person.visitor.fetch('/api/auth/passkeys/offer');
    },
  },
  {
    name: 'whether to offer a passkey after "not now"',
    status: 200,
    async run(person) {
      await logIn(person);
      await person.visitor.fetch('/api/auth/passkeys/offer', { method: 'DELETE' });
      return await person.visitor.fetch('/api/auth/passkeys/offer');
    },
  },
  ...(
    [
      { name: 'name', method: 'PUT', path: 'nobody/name', body: { name: 'Phone' } },
      { name: 'remove', method: 'DELETE', path: 'nobody' },
    ] as const
  ).map(
    ({ name, method, path, ...rest }): Scenario => ({
      name: `${name} a passkey that is not one of ours`,
      status: 404,
      code: 'passkey_missing',
      async run(person) {
        await addPasskey(person);
        return await person.visitor.fetch(`/api/auth/passkeys/${path}`, {
          method,
          ...('body' in rest
            ? {
                headers: { 'content-type': 'application/json' },
                body: JSON.stringify(rest.body),
              }
            : {}),
        });
      },
    }),
  ),
  ...(
    [
      { what: 'make a passkey', path: '/api/auth/passkeys/new', method: 'POST' },
      { what: 'remove a passkey', path: '/api/auth/passkeys/nobody', method: 'DELETE' },
      { what: 'end the other sessions', path: '/api/auth/sessions', method: 'DELETE' },
      { what: 'end another session', path: '/api/auth/sessions/nobody', method: 'DELETE' },
    ] as const
  ).map(
    ({ what, path, method }): Scenario => ({
      name: `${what} after a call alone, where the account has a passkey`,
      status: 403,
      code: 'session_limited',
      async run(person) {
        await addPasskey(person);
        return await (await logInElsewhere(person)).fetch(path, { method });
      },
    }),
  ),

  // Without scripts
  {
    name: 'the form of the number',
    status: 303,
    run: ({ visitor, phoneNumber }) =>
      form(visitor, '/login/start', { phone_number: phoneNumber, next: '/account' }),
  },
  {
    name: 'the form of a number that is none',
    status: 303,
    run: ({ visitor }) => form(visitor, '/login/start', { phone_number: 'none' }),
  },
  {
    name: 'the form of "I have called"',
    status: 303,
    async run(person) {
      await call(person);
      return await form(person.visitor, '/login/check', { next: '/account?a=b' });
    },
  },
  {
    name: 'the form of "change the number"',
    status: 303,
    async run(person) {
      await start(person);
      return await form(person.visitor, '/login/change', {});
    },
  },
  {
    name: 'the form of "forget the number"',
    status: 303,
    run: ({ visitor }) => form(visitor, '/login/forget', { next: '//evil.example' }),
  },
  {
    name: 'a form with a field twice',
    status: 400,
    code: 'request_invalid',
    run: ({ visitor }) =>
      visitor.fetch('/login/start', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'phone_number=1&phone_number=2',
      }),
  },

  // The site
  {
    name: 'choosing a language',
    status: 303,
    run: ({ visitor }) => form(visitor, '/api/language', { language: 'en', back: '/login' }),
  },
  {
    name: 'choosing a language there is not',
    status: 400,
    code: 'request_invalid',
    run: ({ visitor }) => form(visitor, '/api/language', { language: 'xx' }),
  },
  ...['/api/health', '/api/health/live'].flatMap((path) =>
    ['GET', 'HEAD'].map(
      (method): Scenario => ({
        name: `${method} ${path}`,
        status: 200,
        run: ({ visitor }) => visitor.fetch(path, { method }),
      }),
    ),
  ),
  {
    name: 'the sweep by a scheduler',
    status: 200,
    run: ({ visitor }) => sweep(visitor, inject('contractCronSecret')),
  },
  ...['', `${inject('contractCronSecret')}a`].map(
    (secret): Scenario => ({
      name: `the sweep with ${secret === '' ? 'no' : 'a wrong'} secret`,
      status: 401,
      code: 'cron_refused',
      run: ({ visitor }) => sweep(visitor, secret),
    }),
  ),
  {
    name: 'a path of the API that is none',
    status: 404,
    code: 'request_not_found',
    run: ({ visitor }) => visitor.fetch('/api/auth/nothing'),
  },

  // Cookies that cannot be unsealed are cleared, whatever the answer.
  {
    name: 'status with a forged cookie',
    status: 404,
    code: 'attempt_missing',
    run({ visitor }) {
      visitor.setCookie('call-login-attempt', 'forged');
      return visitor.status();
    },
  },

  // How it was sent, for each route alike
  ...routes.flatMap(({ path, methods }) =>
    (['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const)
      .filter((method) => !methods.includes(method))
      // Without a body the answers differ in nothing but their headers.
      .map(
        (method): Scenario => ({
          name: `${method} ${path} is refused`,
          status: 405,
          ...(method === 'HEAD' ? {} : { code: 'request_wrong_method' }),
          run: ({ visitor }) => visitor.fetch(pathOf(path), { method }),
        }),
      ),
  ),
  ...routes
    .filter(({ access }) => access === 'same-origin' || access === 'session')
    .flatMap(({ path, methods }) => methods.map((method) => ({ path, method })))
    .filter(({ method }) => method !== 'GET' && method !== 'HEAD')
    .map(
      ({ path, method }): Scenario => ({
        name: `${method} ${path} from another site is refused`,
        status: 403,
        code: 'request_cross_origin',
        run: ({ visitor }) =>
          visitor.fetch(pathOf(path), { method, headers: { 'sec-fetch-site': 'cross-site' } }),
      }),
    ),
  ...routes
    .filter(({ access }) => access === 'session')
    .map(
      ({ path, methods: [method = 'GET'] }): Scenario => ({
        name: `${method} ${path} without a session is refused`,
        status: 401,
        code: 'not_logged_in',
        run: ({ visitor }) => visitor.fetch(pathOf(path), { method }),
      }),
    ),
  {
    name: 'a body that is not JSON',
    status: 415,
    code: 'request_not_json',
    run: ({ visitor }) => visitor.post('/api/auth/start', '{'),
  },
  {
    name: 'a body of another type',
    status: 415,
    code: 'request_not_json',
    run: ({ visitor }) => visitor.post('/api/auth/start', '{}', { 'content-type': 'text/plain' }),
  },
  {
    name: 'a body in another shape',
    status: 400,
    code: 'request_invalid',
    run: ({ visitor }) => visitor.post('/api/auth/start', { phone_number: 1 }),
  },
  {
    name: 'a body that is too long',
    status: 413,
    code: 'request_too_large',
    run: ({ visitor }) => visitor.start('0'.repeat(5_000)),
  },
];

/** Makes the vendor say that the attempt is over. */
async function expire({ phoneNumber }: Person): Promise<void> {
  await vendor.addFault({
    kind: 'status',
    match: 'check',
    status: 200,
    body: '{"status":"expired"}',
    phone_number: phoneNumber,
  });
}

const volatile = new Set([
  'date',
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
  // On Vercel it is the edge that compresses.
  'content-encoding',
  // Next names its own variants of a page in every answer; no cache keeps one of ours.
  'vary',
]);

const random = new Set([
  'session_id',
  'challenge',
  'name',
  'call_number',
  'call_number_text',
  'call_number_with_caller_id',
  'phone_number',
  'phone_number_text',
  'request_id',
  'expires_in_seconds',
  'retry_after_seconds',
  'expires_at',
  'created_at',
  'id',
  'address',
  'path',
  // How many windows of limits have ended.
  'limits',
]);

function withoutRandom(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => {
      if (random.has(key)) {
        return typeof inner;
      }
      // The time to wait is in the sentence too.
      return key === 'error' ? String(inner).replace(/\d+/, '<n>') : inner;
    }),
  );
}

/** An answer without what is random or the time. */
async function describeAnswer(response: Response, phoneNumber: string) {
  const headers = Object.fromEntries(
    [...response.headers].filter(([name]) => !volatile.has(name) && name !== 'set-cookie'),
  );
  expect(headers['x-request-id']).toMatch(/^[0-9a-f]{16}$/);
  const text = (await response.text()).replaceAll(phoneNumber, '<phone number>');
  return {
    status: response.status,
    headers: {
      ...headers,
      'x-request-id': '<id>',
      ...(headers['retry-after'] === undefined ? {} : { 'retry-after': '<seconds>' }),
    },
    cookies: response.headers
      .getSetCookie()
      .map((cookie) => cookie.replace(/=[^;]+/, '=<value>'))
      .toSorted(),
    body: text === '' ? null : withoutRandom(JSON.parse(text)),
  };
}

async function answerOf(origin: string, scenario: Scenario) {
  const person = {
    visitor: new Visitor(origin, expectDocumented),
    phoneNumber: randomPhoneNumber(),
  };
  const response = await scenario.run(person);
  return await describeAnswer(response, person.phoneNumber);
}

describe.concurrent('both hosts answer alike', () => {
  it.each(scenarios)('$name: $status', async (scenario) => {
    const [node, other] = await Promise.all(
      Object.values(hosts).map((origin) => answerOf(origin, scenario)),
    );
    expect(node?.status).toBe(scenario.status);
    if (scenario.code !== undefined) {
      expect(node?.body).toMatchObject({ code: scenario.code });
    }
    expect(other).toEqual(node);
  });
});

describe.each(Object.entries(hosts))('on the %s host', (_host, origin) => {
  it('polls that their clients gave up make room for others', async () => {
    const person = {
      visitor: new Visitor(origin, expectDocumented),
      phoneNumber: randomPhoneNumber(),
    };
    await start(person);
    /** A poll that may not be held, as too many are, is answered at once. */
    const isHeld = async () => {
      const sentAt = performance.now();
      const response = await person.visitor.status({ prefer: 'wait=1' });
      expect(statusReplySchema.parse(await response.json()).status).toBe('pending');
      return performance.now() - sentAt > 900;
    };
    const leaving = new AbortController();
    // Some more: a kept connection that the server closes at that moment fails its request.
    const given = Array.from({ length: MAX_HELD_POLLS + 20 }, () =>
      person.visitor.clone().fetch('/api/auth/status', { signal: leaving.signal }),
    );
    const settled = Promise.allSettled(given);
    await expect.poll(isHeld, { timeout: 20_000 }).toBe(false);
    leaving.abort();
    await settled;
    await expect.poll(isHeld, { timeout: 20_000 }).toBe(true);
  });
});
