import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { findFreePort } from '#scripts/processes.ts';
import { copyTree, run } from '#tests/integrate/copy.ts';
import { TEST_SECRET } from '#tests/support/app-server.ts';
import { createDatabase, execute } from '#tests/support/postgres.ts';
import { runScript } from '#tests/support/run-script.ts';
import { hasVercel, readApiFunction, startEdge, startInstance } from '#tests/support/vercel.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

/** What Vercel needs to know of a project to build it without an account. */
const project = {
  projectId: 'prj_test',
  orgId: 'team_test',
  settings: { framework: 'nextjs', nodeVersion: '24.x', installCommand: 'true' },
};

/** An environment with an empty database. */
const newEnvironment = async (
  deployment: 'preview' | 'production',
  port: number,
  sandboxUrl: string,
) => ({
  VERCEL_ENV: deployment,
  APP_ORIGIN: `http://localhost:${port}`,
  SESSION_SECRET: TEST_SECRET,
  PAUTH_API_KEY: 'sandbox-key',
  PAUTH_BASE_URL: sandboxUrl,
  DATABASE_URL: await createDatabase(inject('postgresUrl')),
});

describe.skipIf(!hasVercel)('what Vercel itself builds', () => {
  let folder = '';
  let output = '';

  beforeAll(async () => {
    folder = await copyTree('vercel');
    await run('cp', ['-al', 'node_modules', folder]);
    await mkdir(join(folder, '.vercel'), { recursive: true });
    await writeFile(join(folder, '.vercel/project.json'), JSON.stringify(project));
    const built = await run('vercel', ['build', '--yes'], {
      cwd: folder,
      env: {
        ...process.env,
        NODE_ENV: 'production',
        NEXT_TELEMETRY_DISABLED: '1',
        VERCEL_TELEMETRY_DISABLED: '1',
        VERCEL: '1',
        VERCEL_ENV: 'preview',
        DATABASE_URL: 'postgres://nobody@localhost:1/nothing',
      },
      maxBuffer: 10_000_000,
    });
    output = built.stdout + built.stderr;
  }, 600_000);

  it('is built as a preview without touching the database', () => {
    expect(output).toContain('No migration is applied: MIGRATIONS is off');
  });

  it('has a function for the API that may hold polls and is told of clients that leave', async () => {
    expect(await readApiFunction(folder)).toMatchObject({
      maxDuration: 120,
      supportsCancellation: true,
    });
  });

  it('ends as a preview, and says why, where the database lacks migrations', async () => {
    const env = await newEnvironment('preview', 3_000, 'http://localhost:9');
    const instance = await startInstance(folder, env);
    const headers = { 'x-matched-path': '/api/[...path]' };
    const health = `http://localhost:${instance.port}/api/health?nxtPpath=health`;
    await expect(fetch(health, { headers })).rejects.toThrow('fetch failed');
    expect(await instance.exited).toBe(1);
    expect(instance.output()).toContain('lacks migrations (0001-first, ');
    const tables = await execute(
      env.DATABASE_URL,
      "select tablename from pg_tables where schemaname = 'public'",
    );
    expect(tables).toEqual([]);
  });

  it('logs a person in, whichever of two instances answers', async () => {
    const sandbox = await startSandbox();
    onTestFinished(() => sandbox.close());
    const port = await findFreePort();
    const env = await newEnvironment('production', port, sandbox.url);
    expect(runScript('migrate', env).stdout).toMatch(/^Applied: 0001-first/);
    const instances = [await startInstance(folder, env), await startInstance(folder, env)];
    onTestFinished(async () => {
      await Promise.all(instances.map((instance) => instance.stop('SIGKILL')));
    });
    const edge = await startEdge(port, instances);
    onTestFinished(() => void edge.close());
    const visitor = new Visitor(`http://localhost:${port}`);
    const phoneNumber = randomPhoneNumber();
    const started = await visitor.start(phoneNumber);
    expect(started.status, instances.map((instance) => instance.output()).join()).toBe(200);
    const { call_number } = attemptViewSchema.parse(await started.json());
    const held = visitor.status();
    await createControlClient(sandbox.url).call(phoneNumber, call_number);
    expect(await (await held).json()).toEqual({ status: 'verified' });
    expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
    expect((await visitor.fetch('/api/cron/sweep')).status).toBe(404);
    expect((await visitor.post('/api/auth/logout', '')).status).toBe(200);
    expect((await visitor.fetch('/api/auth/session')).status).toBe(401);
    expect(instances.map((instance) => instance.output()).join()).not.toMatch(/"level":"error"/);
  });
});
