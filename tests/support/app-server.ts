import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { findFreePort, type RunningProcess, startProcess } from '#scripts/processes.ts';
import { NEXT_START, readStartArguments } from '#scripts/start-command.ts';
import { createDatabase } from './postgres.ts';
import { startRedis } from './redis.ts';

/** What the servers stand on where a test does not say: see docs/testing.md. */
export const platform = z
  .object({
    TEST_HOST: z.enum(['node', 'next']).default('node'),
    TEST_STORE: z.enum(['sqlite', 'postgres', 'redis']).default('sqlite'),
    TEST_NODE: z.string().default(process.execPath),
  })
  .transform(({ TEST_HOST: host, TEST_STORE: store, TEST_NODE: node }) => ({ host, store, node }))
  .parse(process.env);

export interface AppServer {
  origin: string;
  port: number;
  pid: number;
  /** Of SQLite. */
  databasePath: string;
  /** The settings of another server that shares its database and its Redis. */
  stores: Readonly<Record<'DATABASE_URL', string>> & Readonly<Record<string, string>>;
  /** Everything the server has printed so far. */
  output: RunningProcess['output'];
  /** Stops the server and deletes its database. */
  stop: RunningProcess['stop'];
  exited: RunningProcess['exited'];
}

export interface ServerOptions {
  /** The port and database of a killed server, to start it again. */
  place?: Pick<AppServer, 'port' | 'databasePath'> | undefined;
  /** The folder of another build to start: see `provideBuild`. */
  folder?: string | undefined;
  /** The arguments of `node`; those of `npm start` by default. */
  startArguments?: readonly string[];
  /** A command that sets up the environment and then executes its arguments, such as `unshare`. */
  through?: readonly string[];
  /** Whether npm itself starts it, as the leader of a process group; `pid` is npm's. */
  byNpm?: boolean;
}

type Env = Readonly<Record<string, string>>;

/** A secret for servers of one test run. */
export const TEST_SECRET = 'Vq8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4E';

/**
 * Starts the production build, as `npm start` does, on its own port and database.
 *
 * @param env added to the required variables; see `.env.example`.
 */
export async function startAppServer(
  sandboxUrl: string,
  env: Env = {},
  { place, folder = '.', startArguments, through = [], byNpm = false }: ServerOptions = {},
): Promise<AppServer> {
  const databasePath =
    place?.databasePath ?? join(await mkdtemp(join(tmpdir(), 'call-login-')), 'call-login.db');
  const port = place?.port ?? (await findFreePort());
  const origin = `http://localhost:${port}`;
  const args =
    startArguments ?? (platform.host === 'next' ? NEXT_START : readStartArguments(folder));
  const [command = platform.node, ...others] = byNpm
    ? ['npm', 'start']
    : [...through, platform.node, ...args];
  const { stores, close } = await openStores(databasePath, env);
  const server = await startProcess({
    command,
    args: others,
    isGroupLeader: byNpm,
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      PORT: String(port),
      PAUTH_API_KEY: 'sandbox-key',
      PAUTH_BASE_URL: sandboxUrl,
      APP_ORIGIN: origin,
      SESSION_SECRET: TEST_SECRET,
      // Each test visitor sends its own X-Forwarded-For, so that the default limits can be used.
      TRUSTED_PROXY: '1',
      ...env,
      ...stores,
    },
    // Versions before the Node host print the line of Next.
    ready: /"event":"listening"|Ready in/,
  });
  return {
    origin,
    port,
    pid: server.pid,
    databasePath,
    stores,
    exited: server.exited,
    output: server.output,
    stop: async (signal) => {
      await server.stop(signal);
      await close();
      await rm(dirname(databasePath), { recursive: true, force: true });
    },
  };
}

/** The stores of a server: those that `env` names, or new ones of its own. */
async function openStores(databasePath: string, { DATABASE_URL, REDIS_URL }: Env) {
  if (DATABASE_URL !== undefined || platform.store === 'sqlite') {
    const stores = { DATABASE_URL: DATABASE_URL ?? `file:${databasePath}` };
    return {
      stores: { ...stores, ...(REDIS_URL !== undefined && { REDIS_URL }) },
      close: async () => {},
    };
  }
  const { inject } = await import('vitest');
  const url = await createDatabase(inject('postgresUrl'));
  const redis = platform.store === 'redis' ? await startRedis() : null;
  return {
    stores: { DATABASE_URL: url, ...(redis !== null && { REDIS_URL: redis.url }) },
    close: async () => await redis?.remove(),
  };
}
