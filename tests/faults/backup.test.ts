import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { findFreePort } from '#scripts/processes.ts';
import { type AppServer, startAppServer } from '#tests/support/app-server.ts';
import { execute, findSystemPostgres, startPostgres } from '#tests/support/postgres.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

const BROWSERS = 4;

/** The commands of docs/operate.md, in their order there. */
const [saveFile = '', restoreFile = '', saveServer = '', restoreServer = ''] = [
  ...readFileSync('docs/operate.md', 'utf8')
    .replace(/^[\s\S]*\n## I want to back up and restore\n/, '')
    .matchAll(/```sh\n([\s\S]*?)```/g),
].map(([, commands = '']) => commands);

const commandPath = [
  join(process.cwd(), 'node_modules/.bin'),
  findSystemPostgres() ?? '',
  process.env.PATH,
].join(':');

/** Runs commands of the document in a folder, as an operator would. */
async function run(commands: string, cwd: string, env: Record<string, string> = {}) {
  await promisify(execFile)('sh', ['-e', '-c', commands], {
    cwd,
    env: { NODE_ENV: 'production', PATH: commandPath, ...env },
  });
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'call-login-backup-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A sandbox, and people who log in at a server of its. */
async function openVendor() {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const control = createControlClient(sandbox.url);

  async function logIn(app: AppServer): Promise<Visitor> {
    const [visitor, phoneNumber] = [new Visitor(app.origin), randomPhoneNumber()];
    const started = await visitor.start(phoneNumber);
    const { call_number } = attemptViewSchema.parse(await started.json());
    await control.call(phoneNumber, call_number);
    expect(await (await visitor.status()).json()).toEqual({ status: 'verified' });
    return visitor;
  }

  return {
    sandbox,
    logIn,
    /** Does something while people log in one after another. @returns those who did. */
    async logInDuring(app: AppServer, task: () => Promise<void>): Promise<Visitor[]> {
      let isDone = false;
      const finished = task().finally(() => {
        isDone = true;
      });
      const people = Array.from({ length: BROWSERS }, async () => {
        const done: Visitor[] = [];
        do {
          done.push(await logIn(app));
        } while (!isDone);
        return done;
      });
      await finished;
      return (await Promise.all(people)).flat();
    },
  };
}

const statusesOf = async (visitors: readonly Visitor[]) =>
  new Set(
    await Promise.all(
      visitors.map(async (visitor) => (await visitor.fetch('/api/auth/session')).status),
    ),
  );

it('SQLite: a copy made under load has all logins before it and none by halves, and replaces the database', async () => {
  const { sandbox, logIn, logInDuring } = await openVendor();
  const folder = temporaryFolder();
  const data = join(folder, '.data');
  const place = { port: await findFreePort(), databasePath: join(data, 'call-login.db') };
  const app = await startAppServer(sandbox.url, {}, { place });
  onTestFinished(() => app.stop());

  const before = await Promise.all(Array.from({ length: 8 }, () => logIn(app)));
  await logInDuring(app, () => run(saveFile, folder));
  const after = await logIn(app);
  const copy = join(folder, 'copy.db');
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  const database = new DatabaseSync(copy, { readOnly: true });
  expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
  expect(
    database
      .prepare(
        `select (select count(*) from users) = (select count(*) from sessions) and
           (select count(*) from sessions) =
             (select count(*) from events where type = 'attempt_completed') as whole`,
      )
      .get(),
  ).toEqual({ whole: 1 });
  database.close();

  // The server is killed, and leaves its files as they are.
  const left = join(folder, 'left');
  cpSync(data, left, { recursive: true });
  await app.stop('SIGKILL');
  mkdirSync(data, { recursive: true });
  cpSync(left, data, { recursive: true });
  await run(restoreFile, folder);

  const restored = await startAppServer(sandbox.url, {}, { place });
  onTestFinished(() => restored.stop());
  expect(await statusesOf(before)).toEqual(new Set([200]));
  expect(await statusesOf([after])).toEqual(new Set([401]));
  await logIn(restored);
});

it.skipIf(findSystemPostgres() === null)(
  'PostgreSQL: a dump made under load has all logins before it and none by halves, and replaces the database',
  async () => {
    const { sandbox, logIn, logInDuring } = await openVendor();
    const folder = temporaryFolder();
    const server = await startPostgres({ binaries: findSystemPostgres() ?? '' });
    onTestFinished(() => server.remove());
    const env = { DATABASE_URL: server.url };
    const app = await startAppServer(sandbox.url, env);
    onTestFinished(() => app.stop());

    const before = await Promise.all(Array.from({ length: 8 }, () => logIn(app)));
    await logInDuring(app, () => run(saveServer, folder, env));
    const after = await logIn(app);
    await app.stop();
    await run(restoreServer, folder, env);
    expect(statSync(join(folder, 'call-login.dump')).mode & 0o777).toBe(0o600);
    const [counts] = await execute(
      server.url,
      `select (select count(*) from users) as users, (select count(*) from sessions) as sessions,
         (select count(*) from events where type = 'attempt_completed') as logins`,
    );
    const { users, ...others } = z
      .object({ users: z.string(), sessions: z.string(), logins: z.string() })
      .parse(counts);
    expect(others).toEqual({ sessions: users, logins: users });

    const place = { port: app.port, databasePath: app.databasePath };
    const restored = await startAppServer(sandbox.url, env, { place });
    onTestFinished(() => restored.stop());
    expect(await statusesOf(before)).toEqual(new Set([200]));
    expect(await statusesOf([after])).toEqual(new Set([401]));
    await logIn(restored);
  },
);
