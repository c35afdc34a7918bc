import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import * as z from 'zod';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { openSqlite } from '#lib/store/sqlite.ts';
import { ControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { type AppServer, startAppServer } from '#testing/app-server.ts';
import { findUnaccounted } from '#testing/audit.ts';
import { orderFailures } from '#testing/failing-statements.ts';
import { randomPhoneNumber, Visitor } from '#testing/visitor.ts';

/** At which statement each life of the server ends, counted from when people begin to come. */
const killedAt = [9, 33, 80, 150];
const PEOPLE = 6;

const statusSchema = z.object({ status: z.optional(z.string()), code: z.optional(z.string()) });

/** Somebody's login, as far as their browser knows. */
interface Login {
  visitor: Visitor;
  phoneNumber: string;
  state: 'starting' | 'waiting' | 'logged in' | 'over';
}

/** A vendor, and how to start a server that can be killed on order, or start it again. */
async function prepare() {
  const folder = mkdtempSync(join(tmpdir(), 'call-login-'));
  const orderPath = join(folder, 'order');
  const sandbox = await startSandbox();
  const env = {
    NODE_OPTIONS: `--import ${new URL('../testing/failing-statements.ts', import.meta.url).href}`,
    FAILING_STATEMENTS: orderPath,
    STATUS_WAIT_SECONDS: '1',
    PAUTH_TIMEOUT_MS: '1000',
  };
  return {
    failures: orderFailures(orderPath),
    vendor: new ControlClient(sandbox.url),
    start: async (killed?: AppServer) => await startAppServer(sandbox.url, env, killed),
    close: async () => {
      await sandbox.close();
      rmSync(folder, { recursive: true });
    },
  };
}

it('a server killed at any statement leaves logins that finish or end, each with its events', {
  timeout: 300_000,
}, async () => {
  const { failures, vendor, start, close } = await prepare();
  const logins: Login[] = [];

  /** Polls until there is an outcome. Throws where the server is gone. */
  const finish = async (login: Login) => {
    for (let polls = 0; polls < 30; polls += 1) {
      const { status, code } = statusSchema.parse(await (await login.visitor.status()).json());
      if (status === 'verified' || code !== undefined) {
        login.state = status === 'verified' ? 'logged in' : 'over';
        return;
      }
    }
  };
  /** Logs in again and again until the server is gone. */
  const comeAndGo = async (origin: string) => {
    try {
      for (let rounds = 0; rounds < 100; rounds += 1) {
        const visitor = new Visitor(origin);
        const login: Login = { visitor, phoneNumber: randomPhoneNumber(), state: 'starting' };
        logins.push(login);
        const started = await login.visitor.start(login.phoneNumber);
        const { call_number } = attemptViewSchema.parse(await started.json());
        login.state = 'waiting';
        await vendor.call(login.phoneNumber, call_number);
        await finish(login);
        expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
      }
    } catch {
      // The server was killed under it.
    }
  };

  let app: AppServer | undefined;
  for (const nth of killedAt) {
    app = await start(app);
    const { origin, exited } = app;
    await new Visitor(origin).fetch('/api/health');
    failures.order(nth, 'kill');
    await Promise.all(Array.from({ length: PEOPLE }, () => comeAndGo(origin)));
    await exited;
    expect(failures.lift(), `it was killed at statement ${nth}`).toBe(true);
  }

  app = await start(app);
  await Promise.all(logins.filter(({ state }) => state === 'waiting').map(finish));
  expect(logins.filter(({ state }) => state === 'waiting')).toEqual([]);
  const loggedIn = logins.filter(({ state }) => state === 'logged in');
  for (const { visitor } of loggedIn) {
    expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
  }

  const store = openSqlite(app.databasePath);
  expect(await findUnaccounted(store)).toEqual([]);
  const completed = await store
    .selectFrom('attempts')
    .select('id')
    .where('state', '=', 'completed')
    .execute();
  await store.destroy();
  await app.stop();
  await close();
  expect(loggedIn.length).toBeGreaterThan(0);
  expect(completed.length).toBeGreaterThanOrEqual(loggedIn.length);
});

it('a login whose server is killed after any change it makes is there whole or not at all', {
  timeout: 300_000,
}, async () => {
  const { failures, vendor, start, close } = await prepare();
  const interrupted: Visitor[] = [];

  let app = await start();
  const store = openSqlite(app.databasePath);
  const waitUntilVerified = async (phoneNumber: string) => {
    const [session] = await vendor.sessions(phoneNumber);
    const attempt = store.selectFrom('attempts').select('state');
    const own = attempt.where('pauth_session_id', '=', session?.id ?? '');
    await vi.waitFor(async () => {
      expect((await own.executeTakeFirst())?.state).toBe('verified');
    }, 10_000);
  };
  for (let nth = 1; ; nth += 1) {
    const visitor = new Visitor(app.origin);
    const phoneNumber = randomPhoneNumber();
    const { call_number } = attemptViewSchema.parse(
      await (await visitor.start(phoneNumber)).json(),
    );
    await vendor.call(phoneNumber, call_number);
    await waitUntilVerified(phoneNumber);
    failures.order(nth, 'kill', 'changes');
    const answer = await visitor.status().catch(() => null);
    if (!failures.lift()) {
      expect(await answer?.json()).toEqual({ status: 'verified' });
      break;
    }
    expect(answer, `change ${nth}`).toBeNull();
    await app.exited;
    expect(await findUnaccounted(store), `killed after change ${nth}`).toEqual([]);
    interrupted.push(visitor);
    app = await start(app);
  }

  // The user, the device, the session, the attempt, their events, and the commit.
  expect(interrupted.length).toBeGreaterThan(6);
  for (const visitor of interrupted) {
    expect(await (await visitor.status()).json()).toEqual({ status: 'verified' });
    expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
  }
  expect(await findUnaccounted(store)).toEqual([]);
  await store.destroy();
  await app.stop();
  await close();
});
