import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { attemptViewSchema, statusReplySchema } from '#lib/shared/contract.ts';
import { ControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { startAppServer } from '#testing/app-server.ts';
import { createDatabase, execute } from '#testing/postgres.ts';
import { startServerBetween } from '#testing/server-between.ts';
import { randomPhoneNumber, Visitor } from '#testing/visitor.ts';

const PEOPLE = 8;
const LOGINS_AT_EACH = 16;

/** The answer to a request that is sent again when its connection breaks, as the page does. */
async function answerTo(send: () => Promise<Response>): Promise<unknown> {
  for (;;) {
    try {
      return await (await send()).json();
    } catch (error) {
      // What a server that is ending had not taken yet.
      if (!(error instanceof TypeError)) {
        throw error;
      }
    }
  }
}

async function logIn(visitor: Visitor, vendor: ControlClient): Promise<void> {
  const phoneNumber = randomPhoneNumber();
  const start = await answerTo(() => visitor.start(phoneNumber));
  const attempt = attemptViewSchema.parse(start);
  await vendor.call(phoneNumber, attempt.call_number);
  for (;;) {
    const reply = statusReplySchema.parse(await answerTo(() => visitor.status()));
    if (reply.status === 'verified') {
      return;
    }
    expect(reply.status).toBe('pending');
  }
}

it('a server that takes the place of another under load loses no login', {
  timeout: 120_000,
}, async () => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const vendor = new ControlClient(sandbox.url);
  const database = await createDatabase(inject('postgresUrl'));
  let current = '';
  const balancer = await startServerBetween({ to: () => current });
  onTestFinished(() => balancer.close());
  const add = async () => {
    const server = await startAppServer(sandbox.url, {
      DATABASE_URL: database,
      APP_ORIGIN: balancer.origin,
    });
    onTestFinished(() => server.stop('SIGKILL'));
    return server;
  };
  const old = await add();
  current = old.origin;

  const loggedIn: Visitor[] = [];
  let isOver = false;
  const people = Array.from({ length: PEOPLE }, async () => {
    while (!isOver) {
      const visitor = new Visitor(balancer.origin);
      await logIn(visitor, vendor);
      loggedIn.push(visitor);
    }
  });
  const all = Promise.all(people);
  const done = async (count: number) =>
    await Promise.race([
      vi.waitUntil(() => loggedIn.length >= count, { timeout: 60_000, interval: 20 }),
      all,
    ]);

  await done(LOGINS_AT_EACH);
  const successor = await add();
  current = successor.origin;
  await old.stop('SIGTERM');
  await done(loggedIn.length + LOGINS_AT_EACH);
  isOver = true;
  await all;

  const sessions = await execute(database, 'select * from sessions');
  expect(sessions).toHaveLength(loggedIn.length);
  const answers = await Promise.all(
    loggedIn.map(async (visitor) => (await visitor.fetch('/api/auth/session')).status),
  );
  expect(new Set(answers)).toEqual(new Set([200]));
});
