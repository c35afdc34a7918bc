import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { openSqlite } from '#lib/store/sqlite.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { type AppServer, startAppServer } from '#tests/support/app-server.ts';
import { findUnaccounted } from '#tests/support/audit.ts';
import { createFaultInjector } from '#tests/support/failing-statements.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

/** The step (SQL statement or vendor answer) after which each server process is killed, counted from the first login. */
const killedAt = [9, 33, 80, 150];
const PEOPLE = 6;

const statusSchema = z.object({ status: z.optional(z.string()), code: z.optional(z.string()) });

/** A login as its browser sees it. */
interface Login {
  visitor: Visitor;
  phoneNumber: string;
  state: 'starting' | 'waiting' | 'logged in' | 'over';
}

/** A sandbox, and how to start and restart a server that can be killed at a step. */
async function prepare() {
  const folder = mkdtempSync(join(tmpdir(), 'call-login-'));
  const failures = createFaultInjector(join(folder, 'order'));
  const sandbox = await startSandbox();
  const env = {
    ...failures.env,
    STATUS_WAIT_SECONDS: '1',
    PAUTH_TIMEOUT_MS: '1000',
  };
  return {
    failures,
    vendor: createControlClient(sandbox.url),
    start: async (killed?: AppServer) => await startAppServer(sandbox.url, env, { place: killed }),
    close: async () => {
      await sandbox.close();
      rmSync(folder, { recursive: true });
    },
  };
}

it('after a kill while several people log in, every login completes or ends, each with its events', {
  timeout: 300_000,
}, async () => {
  const { failures, vendor, start, close } = await prepare();
  const logins: Login[] = [];

  /** Polls until there is an outcome. @throws when the server is gone. */
  const finish = async (login: Login) => {
    for (let polls = 0; polls < 30; polls += 1) {
      const { status, code } = statusSchema.parse(await (await login.visitor.status()).json());
      if (status === 'verified' || code !== undefined) {
        login.state = status === 'verified' ? 'logged in' : 'over';
        return;
      }
    }
  };
  /** Logs in repeatedly until the server is gone. */
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
    } catch (error) {
      // Thrown by `fetch`: the server was killed during the request.
      if (!(error instanceof TypeError)) {
        throw error;
      }
    }
  };

  let app: AppServer | undefined;
  for (const nth of killedAt) {
    app = await start(app);
    const { origin, exited } = app;
    await new Visitor(origin).fetch('/api/health');
    failures.arm(nth, 'kill');
    await Promise.all(Array.from({ length: PEOPLE }, () => comeAndGo(origin)));
    await exited;
    expect(failures.disarm(), `it was killed at step ${nth}`).not.toBeNull();
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
