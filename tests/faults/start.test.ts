import { platform } from 'node:os';
import { expect, it, onTestFinished } from 'vitest';
import { startAppServer } from '#tests/support/app-server.ts';
import { appOrigin, sandboxUrl } from '#tests/support/servers.ts';

async function healthAt(host: string, port: number | string): Promise<number> {
  const response = await fetch(`http://${host}:${port}/api/health`);
  await response.arrayBuffer();
  return response.status;
}

it('npm start listens only on HOSTNAME and PORT, and exits with code 0 on SIGTERM', async () => {
  const app = await startAppServer(sandboxUrl, { HOSTNAME: '127.0.0.1' });
  onTestFinished(() => app.stop('SIGKILL'));
  expect(await healthAt('127.0.0.1', app.port)).toBe(200);
  await expect(healthAt('127.0.0.2', app.port)).rejects.toThrow('fetch failed');
  await app.stop('SIGTERM');
  expect(await app.exited).toBe(0);
});

// Other systems have only one loopback address.
it.runIf(platform() === 'linux')(
  'npm start listens on every address without HOSTNAME',
  async () => {
    expect(await healthAt('127.0.0.2', new URL(appOrigin).port)).toBe(200);
  },
);
