import { afterAll, expect, inject, it, onTestFinished } from 'vitest';
import { findRoute } from '#app/api/routes.ts';
import { createRequestContext } from '#lib/http/request-context.ts';
import { untilAnswered } from '#lib/login/held-poll.ts';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { migrate } from '#lib/store/migrate.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { hookStatements } from '#tests/support/faults.ts';
import { provideTestDatabase } from '#tests/support/stores.ts';
import { openTestServices } from '#tests/support/test-services.ts';
import { randomPhoneNumber } from '#tests/support/visitor.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());
const control = createControlClient(sandbox.url);

const isPostgres = inject('dialect') === 'PostgreSQL';

/** A browser at the handlers of the API, whose statements are counted. */
async function open() {
  const { place } = await provideTestDatabase();
  const { services } = openTestServices({
    APP_ORIGIN: 'http://localhost:3000',
    PAUTH_BASE_URL: sandbox.url,
    ...(place.kind === 'postgres' ? { DATABASE_URL: place.url } : {}),
  });
  onTestFinished(() => services.store.destroy());
  await migrate(services.store);
  const statements: string[] = [];
  onTestFinished(
    hookStatements((sql, when) => {
      // Not the first of a new connection.
      if (when === 'after' && !/pg_backend_pid|^set synchronous_commit/.test(sql)) {
        statements.push(sql);
      }
    }),
  );
  const cookies = new Map<string, string>();
  const tasks: Promise<void>[] = [];
  const { origin: site } = services.config.app;
  async function send(method: string, path: string, body?: unknown): Promise<unknown> {
    const request = new Request(new URL(path, site), {
      method,
      headers: {
        'content-type': 'application/json',
        'sec-fetch-dest': 'empty',
        'sec-fetch-mode': 'cors',
        'sec-fetch-site': 'same-origin',
        cookie: [...cookies].map((pair) => pair.join('=')).join('; '),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const found = findRoute(path);
    if (found === null) {
      throw new Error(`no route for ${path}`);
    }
    const origin = { id: 'request', peerAddress: '127.0.0.1' };
    const openContext = () => createRequestContext(services, request.headers, origin);
    const after = (task: () => Promise<void>) => void tasks.push(task());
    const { route, params } = found;
    const response = await untilAnswered((held) =>
      route.answer(openContext(), { request, params, after, held }),
    );
    for (const cookie of response.cookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    return JSON.parse(response.body ?? 'null');
  }
  return {
    send,
    count: () => countTransactions(statements.splice(0)),
    hasHeldPoll: () => services.login.notifications.hasSubscribers(),
    settled: () => Promise.all(tasks),
  };
}

/** How many statements these are, in how many transactions, and how many of those write. */
function countTransactions(statements: readonly string[]) {
  const transactions: string[][] = [];
  let isOpen = false;
  for (const sql of statements) {
    if (isOpen) {
      transactions.at(-1)?.push(sql);
    } else {
      transactions.push([sql]);
    }
    isOpen = sql.startsWith('begin') || (isOpen && sql !== 'commit');
  }
  const isWriting = (transaction: readonly string[]) =>
    transaction.some((sql) => /^\s*(insert|update|delete|with)\b/.test(sql));
  return {
    statements: statements.length,
    transactions: transactions.length,
    writing: transactions.filter(isWriting).length,
  };
}

/** Logs in as the page does, with a poll held and a callback for its call. */
async function logIn(
  { send, hasHeldPoll, settled }: Awaited<ReturnType<typeof open>>,
  phoneNumber: string,
) {
  const started = await send('POST', '/api/auth/start', { phone_number: phoneNumber });
  const { call_number: callNumber } = attemptViewSchema.parse(started);
  const held = send('GET', '/api/auth/status');
  await expect.poll(hasHeldPoll, { interval: 1 }).toBe(true);
  await control.call(phoneNumber, callNumber);
  const [session] = (await control.sessions(phoneNumber)).toReversed();
  await send('POST', new URL(session?.callback_url ?? '').pathname);
  expect(await held).toEqual({ status: 'verified' });
  await settled();
}

it('a first login takes few statements and commits', async () => {
  const browser = await open();
  await logIn(browser, randomPhoneNumber());
  // On PostgreSQL the lock of the phone number and waiting for the disk are one more each, and the first poll reads and
  // confirms in one.
  expect(browser.count()).toEqual({
    statements: isPostgres ? 26 : 24,
    transactions: isPostgres ? 7 : 8,
    writing: 7,
  });
});

it('another login of the same browser takes few more, which find its last attempts', async () => {
  const browser = await open();
  const phoneNumber = randomPhoneNumber();
  await logIn(browser, phoneNumber);
  browser.count();
  await logIn(browser, phoneNumber);
  expect(browser.count()).toEqual({
    statements: isPostgres ? 32 : 28,
    transactions: isPostgres ? 8 : 9,
    writing: 7,
  });
});
