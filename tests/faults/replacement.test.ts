import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { startAppServer } from '#tests/support/app-server.ts';
import { logInDespiteBreaks } from '#tests/support/login-despite-breaks.ts';
import { createDatabase, execute } from '#tests/support/postgres.ts';
import { startTestProxy } from '#tests/support/test-proxy.ts';
import { Visitor } from '#tests/support/visitor.ts';

const PEOPLE = 8;
const LOGINS_AT_EACH = 16;

it('replacing a server under load loses no login and at most one press', {
  timeout: 120_000,
}, async () => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const vendor = createControlClient(sandbox.url);
  const database = await createDatabase(inject('postgresUrl'));
  let current = '';
  const balancer = await startTestProxy({ to: () => current, keepsConnections: true });
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
  let pressedAgain = 0;
  let isOver = false;
  const people = Array.from({ length: PEOPLE }, async () => {
    while (!isOver) {
      const visitor = new Visitor(balancer.origin);
      const again = await logInDespiteBreaks(visitor, vendor);
      pressedAgain += again;
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
  const since = performance.now();
  await old.stop('SIGTERM');
  // It does not wait for idle connections.
  expect(performance.now() - since).toBeLessThan(4_000);
  await done(loggedIn.length + LOGINS_AT_EACH);
  isOver = true;
  await all;

  // A connection may close just as a request is sent over it.
  expect(pressedAgain).toBeLessThanOrEqual(1);
  const sessions = await execute(database, 'select * from sessions');
  expect(sessions).toHaveLength(loggedIn.length);
  const answers = await Promise.all(
    loggedIn
      .map((visitor) => visitor.clone(successor.origin))
      .map(async (visitor) => (await visitor.fetch('/api/auth/session')).status),
  );
  expect(new Set(answers)).toEqual(new Set([200]));
});
