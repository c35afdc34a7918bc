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
  /** Everything the server has printed. */
  output: RunningProcess['output'];
  /** Ends it, and takes its database away. */
  stop: RunningProcess['stop'];
  exited: RunningProcess['exited'];
}

export interface ServerOptions {
  /** Where to start it again: the port and database of one that was killed. */
  place?: Pick<AppServer, 'port' | 'databasePath'> | undefined;
  /** The checkout to start, where it is not this one: see `provideBuild`. */
  folder?: string | undefined;
  /** The arguments of `node`, where they are not those of `npm start`. */
  startArguments?: readonly string[];
  /** What gives it its surroundings and then becomes it, with its arguments. */
  through?: readonly string[];
}

/** Good enough for a server that lives for one test run. */
export const TEST_SECRET = 'Vq8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4E';

/**
 * Starts the production build, as `npm start` does, on a port and a database of its own.
 *
 * @param env on top of what a deployment needs; see `.env.example`.
 */
export async function startAppServer(
  sandboxUrl: string,
  env: Readonly<Record<string, string>> = {},
  { place, folder = '.', startArguments, through = [] }: ServerOptions = {},
): Promise<AppServer> {
  const databasePath =
    place?.databasePath ?? join(await mkdtemp(join(tmpdir(), 'call-login-')), 'call-login.db');
  const port = place?.port ?? (await findFreePort());
  const origin = `http://localhost:${port}`;
  const args = startArguments ?? readStartArguments(folder);
  const [command = process.execPath, ...others] = [...through, process.execPath, ...args];
  const server = await startProcess({
    command,
    args: others,
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
      // Each visitor of a test says where it comes from, so that the limits can stay as they are.
      TRUSTED_PROXY: '1',
      ...env,
    },
    // Versions before the Node host print what Next prints.
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
