import { spawnSync } from 'node:child_process';
import { Agent, get } from 'node:http';
import { platform } from 'node:os';
import { expect, it, onTestFinished, vi } from 'vitest';
import { findFreePort } from '#scripts/processes.ts';
import { readStartArguments } from '#scripts/start-command.ts';
import { startAppServer } from '#tests/support/app-server.ts';
import { deploy } from '#tests/support/deployment.ts';
import { appOrigin, sandboxUrl, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

async function healthAt(host: string, port: number | string): Promise<number> {
  const response = await fetch(`http://${host}:${port}/api/health`);
  await response.arrayBuffer();
  return response.status;
}

async function start(env: Record<string, string>, ...args: string[]) {
  const startArguments = [...readStartArguments(), ...args];
  const app = await startAppServer(sandboxUrl, env, { startArguments });
  onTestFinished(() => app.stop('SIGKILL'));
  return app;
}

it('npm start listens only on LISTEN_ADDRESS and PORT, and exits with code 0 on SIGTERM', async () => {
  const app = await start({ LISTEN_ADDRESS: '127.0.0.1' });
  expect(await healthAt('127.0.0.1', app.port)).toBe(200);
  await expect(healthAt('127.0.0.2', app.port)).rejects.toThrow('fetch failed');
  await app.stop('SIGTERM');
  expect(await app.exited).toBe(0);
});

it.each([
  [['-p', '{port}', '-H', '127.0.0.1'], { PORT: '1' }],
  [['--port={port}', '--hostname', '127.0.0.1'], { LISTEN_ADDRESS: '::1' }],
  [[], { PORT: '"{port}"\r', HOSTNAME: '127.0.0.1' }],
])('npm start -- %j listens there, whatever the environment says: %j', async (args, env) => {
  const port = String(await findFreePort());
  const insert = (text: string) => text.replace('{port}', port);
  const variables = Object.entries(env).map(([name, value]) => [name, insert(value)]);
  await start(Object.fromEntries(variables), ...args.map(insert));
  expect(await healthAt('127.0.0.1', port)).toBe(200);
  await expect(healthAt('127.0.0.2', port)).rejects.toThrow('fetch failed');
});

it('npm start says what to set where it cannot listen', async () => {
  await expect(start({ PORT: new URL(appOrigin).port })).rejects.toThrow(
    /cannot listen on port \d+ of 0\.0\.0\.0: .*EADDRINUSE.*\nSet PORT/,
  );
  await expect(start({}, '--hostname', '192.0.2.1')).rejects.toThrow(
    /EADDRNOTAVAIL.*\n.*LISTEN_ADDRESS to an address of this machine/,
  );
});

it.each([[['8080']], [['--port']], [['--turbo']]])(
  'npm start -- %j exits with a sentence that says how',
  async (args) => {
    await expect(start({}, ...args)).rejects.toThrow(
      /exited with code 1 [^\n]+\nnpm start was given "[^"]+", [^\n]+ npm start -- --port 8080;[^\n]+\n$/,
    );
  },
);

it('an idle connection is kept for longer than a proxy keeps it, or as KEEP_ALIVE_SECONDS says', async () => {
  const keptBy = async (origin: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const agent = new Agent({ keepAlive: true });
    get(`${origin}/api/health`, { agent }, (response) => {
      resolve(response.resume().headers['keep-alive']);
    }).on('error', reject);
    const header = await promise;
    agent.destroy();
    return header;
  };
  expect(await keptBy(appOrigin)).toBe('timeout=75');
  const app = await start({ KEEP_ALIVE_SECONDS: '620' });
  expect(await keptBy(app.origin)).toBe('timeout=620');
});

// Other systems have only one loopback address.
it.runIf(platform() === 'linux')(
  'npm start listens on every address by default, even where HOSTNAME is the name of a container',
  async () => {
    expect(await healthAt('127.0.0.2', new URL(appOrigin).port)).toBe(200);
    const app = await start({ HOSTNAME: '3f2a9c' });
    expect(await healthAt('127.0.0.2', app.port)).toBe(200);
  },
);

it.each([
  { to: 'npm', targetOf: (npm: number) => npm },
  { to: 'its process group', targetOf: (npm: number) => -npm },
])(
  'npm start finishes its requests and exits with code 0 on a SIGTERM to $to',
  {
    timeout: 60_000,
  },
  async ({ targetOf }) => {
    const app = await startAppServer(sandboxUrl, {}, { byNpm: true });
    onTestFinished(() => void spawnSync('kill', ['-KILL', '--', `-${app.pid}`]));
    const phoneNumber = randomPhoneNumber();
    await vendor.addFault({ kind: 'delay', delay_ms: 800, phone_number: phoneNumber });
    const started = new Visitor(app.origin).start(phoneNumber);
    const isAsked = async () => (await vendor.requests(phoneNumber)).length > 0;
    await vi.waitUntil(isAsked, { timeout: 20_000, interval: 20 });
    process.kill(targetOf(app.pid), 'SIGTERM');
    expect((await started).status).toBe(200);
    expect(await app.exited).toBe(0);
    await expect(healthAt('127.0.0.1', app.port)).rejects.toThrow('fetch failed');
  },
);

it('asks the vendor nothing when it is asked for its health', async () => {
  const site = await deploy({});
  const { origin } = await site.add();
  for (const path of ['/api/health', '/api/health/live']) {
    for (let count = 0; count < 20; count += 1) {
      const response = await fetch(origin + path);
      expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
    }
  }
  expect(await site.vendor.requests()).toEqual([]);
});
