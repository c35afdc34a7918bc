import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startProcess } from '#scripts/processes.ts';

/** Next lists here what it has compiled since its start. */
const COMPILED = '.next/dev/server/app-paths-manifest.json';

it('npm run dev prints its address once the login page and the API are compiled', async () => {
  await rm(COMPILED, { force: true });
  const dev = await startProcess({
    command: 'npm',
    args: ['run', 'dev'],
    isGroupLeader: true,
    env: {
      ...process.env,
      PORT: '0',
      SANDBOX_PORT: '0',
      DATABASE_URL: `file:${join(tmpdir(), `call-login-dev-${process.pid}.db`)}`,
    },
    ready: /Open http/,
  });
  onTestFinished(async () => {
    process.kill(-dev.pid);
    await dev.exited;
  });
  const compiled: unknown = JSON.parse(await readFile(COMPILED, 'utf8').catch(() => '{}'));
  expect(compiled).toMatchObject({
    '/login/page': expect.any(String),
    '/api/[...path]/route': expect.any(String),
  });
  const [address = ''] = /http:\S+/.exec(dev.readyLine) ?? [];
  expect((await fetch(`${address}/login`)).status).toBe(200);
}, 600_000);
