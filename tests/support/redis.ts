import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort, type RunningProcess, startProcess } from '#scripts/processes.ts';

const systemPaths = [
  '/usr/bin/redis-server',
  '/usr/local/bin/redis-server',
  '/opt/homebrew/bin/redis-server',
];

/** The path of a working Redis server, or null when none is installed. */
export function findRedis(): string | null {
  return systemPaths.find((path) => existsSync(path) && runs(path)) ?? null;
}

/** The output of `redis-server --version`, or null when none is installed. */
export function readRedisVersion(): string | null {
  const path = findRedis();
  return path === null ? null : spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.trim();
}

function runs(path: string): boolean {
  return spawnSync(path, ['--version'], { timeout: 10_000 }).status === 0;
}

/** A Redis server for one test, without persistence. */
export interface RedisServer {
  url: string;
  /** Starts it again, empty, on the same port after `stop`. */
  start(): Promise<void>;
  stop(): Promise<void>;
  remove(): Promise<void>;
  /** Suspends it with all its connections. @returns a function that resumes it. */
  freeze(): () => void;
}

export async function startRedis(): Promise<RedisServer> {
  const command = findRedis();
  if (command === null) {
    throw new Error('redis-server is missing: node scripts/provide-redis.ts');
  }
  const folder = await mkdtemp(join(tmpdir(), 'call-login-redis-'));
  const port = await findFreePort();
  let server: RunningProcess | null = null;
  const start = async () => {
    server = await startProcess({
      command,
      args: [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
        ...['--save', '', '--appendonly', 'no'],
      ],
      env: process.env,
      ready: /Ready to accept connections/,
    });
  };
  await start();
  const stop = async () => await server?.stop('SIGKILL');

  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    stop,
    remove: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
    freeze: () => {
      const pid = server?.pid ?? 0;
      process.kill(pid, 'SIGSTOP');
      return () => void process.kill(pid, 'SIGCONT');
    },
  };
}
