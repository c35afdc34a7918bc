import { readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, dirname } from 'node:path';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import type { AppServer } from '#tests/support/app-server.ts';
import { type Deployment, deploy } from '#tests/support/deployment.ts';
import { createDatabase, execute } from '#tests/support/postgres.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

const patient = { timeout: 90_000 };

/** Sends SIGTERM while a start waits for the vendor. @returns the answer to the start. */
async function stopDuringStart({ vendor }: Deployment, app: AppServer): Promise<Response> {
  const [visitor, phoneNumber] = [new Visitor(app.origin), randomPhoneNumber()];
  await vendor.addFault({ kind: 'delay', delay_ms: 1_500, phone_number: phoneNumber });
  const started = visitor.start(phoneNumber);
  const isAsked = async () => (await vendor.requests(phoneNumber)).length > 0;
  await vi.waitUntil(isAsked, { timeout: 20_000, interval: 20 });
  process.kill(app.pid, 'SIGTERM');
  return await started;
}

async function expectFinished(response: Response, app: AppServer): Promise<void> {
  expect(response.status).toBe(200);
  attemptViewSchema.parse(await response.json());
  expect(await app.exited).toBe(0);
}

/** PostgreSQL's statistics on the connections to a database, once the last one is closed. */
async function findConnections(name: string) {
  const server = inject('postgresUrl');
  const findLeft = () =>
    execute(server, `select pid from pg_stat_activity where datname = '${name}'`);
  const isGone = async () => (await findLeft()).length === 0;
  await vi.waitUntil(isGone, { timeout: 20_000, interval: 50 });
  const rows = await execute(
    server,
    `select sessions::int, sessions_abandoned::int as abandoned
       from pg_stat_database where datname = '${name}'`,
  );
  return z.tuple([z.object({ sessions: z.number(), abandoned: z.number() })]).parse(rows)[0];
}

it(
  'a stopped process finishes its requests and closes its PostgreSQL connections cleanly',
  patient,
  async () => {
    const database = await createDatabase(inject('postgresUrl'));
    const site = await deploy({ DATABASE_URL: database });
    const app = await site.add();
    await expectFinished(await stopDuringStart(site, app), app);
    const { sessions, abandoned } = await findConnections(new URL(database).pathname.slice(1));
    expect(sessions).toBeGreaterThan(1);
    expect(abandoned).toBe(0);
  },
);

it(
  'a stopped process finishes its requests and closes its SQLite files cleanly',
  patient,
  async () => {
    const site = await deploy({});
    const app = await site.add();
    const folder = dirname(app.databasePath);
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    await expectFinished(await stopDuringStart(site, app), app);
    // No -wal or -shm files are left to recover from.
    const name = basename(app.databasePath);
    expect(readdirSync(folder).toSorted()).toEqual([name]);
  },
);

it('a stopped process does not wait for incomplete requests', patient, async () => {
  const app = await (await deploy({})).add();
  const begin = async (bytes: string) => {
    const socket = connect(app.port, 'localhost');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  };
  await begin('');
  await begin('GET /login HTTP/1.1\r\nHost');
  await begin('POST /api/auth/start HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{');
  await begin('POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{');
  await begin('GET /api/health HTTP/1.1\r\nHost: a\r\n\r\nGET');
  expect((await new Visitor(app.origin).fetch('/api/health')).status).toBe(200);
  process.kill(app.pid, 'SIGTERM');
  // After ten seconds it would have exited with code 1.
  expect(await app.exited).toBe(0);
});
