import { chmod, cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeProblem } from '#lib/http/problems.ts';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { DEFAULT_LANGUAGE, type Language, languages } from '#lib/shared/language.ts';
import type { Store } from '#lib/store/schema.ts';
import { openSqlite } from '#lib/store/sqlite.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { findFreePort } from '#scripts/processes.ts';
import { type AppServer, startAppServer } from '#tests/support/app-server.ts';
import { findUnaccounted } from '#tests/support/audit.ts';
import { startAt } from '#tests/support/deployment.ts';
import {
  boundByPermissions,
  type Disk,
  mountSmallDisk,
  openLimitedDisk,
} from '#tests/support/disks.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

const disks = [
  ['is full', await mountSmallDisk()],
  ['refuses writes', await openLimitedDisk()],
] as const;

type Person = Awaited<ReturnType<typeof startAt>>;

/** A server with its database on a disk, and one person at each step of a login. */
async function open(disk: Disk) {
  const sandbox = await startSandbox({ callbacks: 'off' });
  onTestFinished(() => sandbox.close());
  const vendor = createControlClient(sandbox.url);
  const place = { port: await findFreePort(), databasePath: join(disk.folder, 'call-login.db') };
  const start = async (through: readonly string[]) => {
    const env = { STATUS_WAIT_SECONDS: '0', PAUTH_TIMEOUT_MS: '1000' };
    const app = await startAppServer(sandbox.url, env, { place, through });
    onTestFinished(() => app.stop('SIGKILL'));
    return app;
  };
  const app = await start(disk.through);

  const call = async ({ phoneNumber, callNumber }: Person) => {
    expect(await vendor.call(phoneNumber, callNumber)).toHaveLength(1);
  };
  const sendCallback = async ({ visitor, phoneNumber }: Person) => {
    const [session] = await vendor.sessions(phoneNumber);
    const { pathname } = new URL(session?.callback_url ?? '');
    const response = await visitor.fetch(pathname, { method: 'POST' });
    expect(response.status).toBe(204);
    return response.headers.get('x-request-id') ?? '';
  };
  /** Waits until the server has logged an event of one request. */
  const logged = async (requestId: string, event: string) => {
    const line = new RegExp(`${requestId}.*${event}|${event}.*${requestId}`);
    await vi.waitUntil(() => line.test(app.output()), { timeout: 10_000 });
  };
  const hasCalled = async () => {
    const person = await startAt(app);
    await call(person);
    await logged(await sendCallback(person), 'attempt_verified');
    return person;
  };
  const hasLoggedIn = async () => {
    const person = await hasCalled();
    expect(await (await person.visitor.status()).json()).toEqual({ status: 'verified' });
    return person;
  };
  const people = {
    loggedIn: await hasLoggedIn(),
    waiting: await startAt(app),
    calling: await startAt(app),
    verified: await hasCalled(),
  };
  return { app, start, call, sendCallback, logged, people };
}

/** Reads a copy of the database of an idle server. */
async function readDatabase<T>(disk: Disk, { pid }: AppServer, work: (store: Store) => Promise<T>) {
  const copies = await mkdtemp(join(tmpdir(), 'call-login-copies-'));
  for (const end of ['', '-wal']) {
    const name = `call-login.db${end}`;
    await cp(join(disk.folderOf(pid), name), join(copies, name));
  }
  const store = openSqlite(join(copies, 'call-login.db'));
  try {
    return await work(store);
  } finally {
    await store.destroy();
    await rm(copies, { recursive: true });
  }
}

async function everything(store: Store) {
  return {
    users: await store.selectFrom('users').selectAll().execute(),
    attempts: await store.selectFrom('attempts').selectAll().execute(),
    sessions: await store.selectFrom('sessions').selectAll().execute(),
    events: await store.selectFrom('events').selectAll().execute(),
  };
}

async function expectRefused(response: Response, language = DEFAULT_LANGUAGE): Promise<void> {
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toMatch(/^[2-4]$/);
  expect(response.headers.getSetCookie()).toEqual([]);
  expect(await response.json()).toMatchObject({
    code: 'store_unavailable',
    error: describeProblem({ code: 'store_unavailable' }, language),
  });
}

const startIn = (visitor: Visitor, language: Language) =>
  visitor.post(
    '/api/auth/start',
    { phone_number: randomPhoneNumber() },
    { 'accept-language': language },
  );

describe.each(disks)('a server whose disk %s', (_how, disk) => {
  it.runIf(disk !== null)(
    'refuses logins and logouts, still serves reads, and recovers when writes succeed again',
    { timeout: 90_000 },
    async () => {
      if (disk === null) {
        return;
      }
      const { app, call, sendCallback, logged, people } = await open(disk);
      const { loggedIn, waiting, calling, verified } = people;
      const before = await readDatabase(disk, app, everything);
      const allowWrites = disk.refuseWrites(app.pid);

      for (const language of languages) {
        await expectRefused(await startIn(new Visitor(app.origin), language), language);
      }
      await expectRefused(await verified.visitor.status());
      await expectRefused(await waiting.visitor.post('/api/auth/cancel', {}));
      await expectRefused(await loggedIn.visitor.post('/api/auth/logout', {}));
      await call(calling);
      await logged(await sendCallback(calling), 'callback_failed');
      // The time of the last use cannot be stored, but the session stays valid.
      expect((await loggedIn.visitor.fetch('/api/auth/session')).status).toBe(200);
      expect((await loggedIn.visitor.fetch('/account')).status).toBe(200);
      const page = await (await waiting.visitor.fetch('/login')).text();
      expect(page).toContain(waiting.callNumber);
      expect((await new Visitor(app.origin).fetch('/api/health')).status).toBe(200);
      expect(await readDatabase(disk, app, everything)).toEqual(before);

      allowWrites();
      expect(await (await verified.visitor.status()).json()).toEqual({ status: 'verified' });
      await call(waiting);
      for (const { visitor } of [waiting, calling]) {
        await vi.waitFor(async () => {
          expect(await (await visitor.statusPrompted()).json()).toEqual({ status: 'verified' });
        }, 20_000);
      }
      for (const { visitor } of Object.values(people)) {
        expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
      }
      attemptViewSchema.parse(await (await startIn(new Visitor(app.origin), 'en')).json());
      expect(await readDatabase(disk, app, findUnaccounted)).toEqual([]);
    },
  );
});

describe('a server with read-only access to', () => {
  const onThisDisk = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'call-login-'));
    const site = await open({
      folder,
      through: [],
      folderOf: () => folder,
      refuseWrites: () => () => {},
    });
    process.kill(site.app.pid, 'SIGTERM');
    await site.app.exited;
    const names = (await readdir(folder)).map((name) => join(folder, name));
    await Promise.all(names.map((name) => chmod(name, 0o444)));
    return { ...site, folder };
  };

  it('its database files serves sessions and refuses logins and logouts', {
    timeout: 60_000,
  }, async () => {
    const { start, people } = await onThisDisk();
    await start(boundByPermissions());
    const { loggedIn, waiting, verified } = people;
    expect((await loggedIn.visitor.fetch('/api/auth/session')).status).toBe(200);
    expect(await (await waiting.visitor.fetch('/login')).text()).toContain(waiting.callNumber);
    await expectRefused(await verified.visitor.status());
    await expectRefused(await waiting.visitor.start(randomPhoneNumber()));
    await expectRefused(await loggedIn.visitor.post('/api/auth/logout', {}));
  });

  it('the folder of its database does not start, and names the setting', {
    timeout: 60_000,
  }, async () => {
    const { start, folder } = await onThisDisk();
    await chmod(folder, 0o555);
    const started = start(boundByPermissions());
    await expect(started).rejects.toThrow('exited with code 1');
    await expect(started).rejects.toThrow(/DATABASE_URL .*readonly database/);
    await expect(started).rejects.toThrow(`Make the file and ${folder} writable`);
    await chmod(folder, 0o755);
  });
});
