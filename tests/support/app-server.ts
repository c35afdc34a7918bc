import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findFreePort, type RunningProcess, startProcess } from '#scripts/processes.ts';
import { readStartArguments } from '#scripts/start-command.ts';

export interface AppServer {
  origin: string;
  port: number;
  pid: number;
  databasePath: string;
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

/** A secret for servers of one test run. */
export const TEST_SECRET = 'Vq8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4E';

/**
 * Starts the production build, as `npm start` does, on its own port and database.
 *
 * @param env added to the required variables; see `.env.example`.
 */
export async function startAppServer(
  sandboxUrl: string,
  env: Readonly<Record<string, string>> = {},
  { place, folder = '.', startArguments, through = [], byNpm = false }: ServerOptions = {},
): Promise<AppServer> {
  const databasePath =
    place?.databasePath ?? join(await mkdtemp(join(tmpdir(), 'call-login-')), 'call-login.db');
  const port = place?.port ?? (await findFreePort());
  const origin = `http://localhost:${port}`;
  const args = startArguments ?? readStartArguments(folder);
  const [command = process.execPath, ...others] = byNpm
    ? ['npm', 'start']
    : [...through, process.execPath, ...args];
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
      DATABASE_URL: `file:${databasePath}`,
      // Each test visitor sends its own X-Forwarded-For, so that the default limits can be used.
      TRUSTED_PROXY: '1',
      ...env,
    },
    // Versions before the Node host print the line of Next.
    ready: /"event":"listening"|Ready in/,
  });
  return {
    origin,
    port,
    pid: server.pid,
    databasePath,
    exited: server.exited,
    output: server.output,
    stop: async (signal) => {
      await server.stop(signal);
      await rm(dirname(databasePath), { recursive: true, force: true });
    },
  };
}
