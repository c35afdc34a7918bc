import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort, startProcess } from '#scripts/processes.ts';
import { serverUser } from './postgres.ts';

const systemPaths = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/opt/homebrew/bin/pgbouncer'];

/** The path of a working PgBouncer, or null when none is installed. */
export function findPgbouncer(): string | null {
  return systemPaths.find((path) => spawnSync(path, ['--version']).status === 0) ?? null;
}

/** A PgBouncer in transaction mode for one test. */
export interface Pgbouncer {
  /** The address of the database behind it. */
  url: string;
  /** Everything it has logged so far. */
  output(): string;
  remove(): Promise<void>;
}

/**
 * Starts PgBouncer in front of a database, with its own defaults but the pool mode.
 *
 * @param databaseUrl of a server that trusts this machine.
 * @param poolSize how many connections to the server all clients share.
 */
export async function startPgbouncer(databaseUrl: string, poolSize: number): Promise<Pgbouncer> {
  const command = findPgbouncer();
  if (command === null) {
    throw new Error('PgBouncer is missing: node scripts/provide-pgbouncer.ts');
  }
  const folder = await mkdtemp(join(tmpdir(), 'call-login-pgbouncer-'));
  await chmod(folder, 0o755);
  const port = await findFreePort();
  const server = new URL(databaseUrl);
  const name = server.pathname.slice(1);
  const configuration = [
    '[databases]',
    `${name} = host=${server.hostname} port=${server.port} dbname=${name} user=${server.username}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    `default_pool_size = ${poolSize}`,
  ];
  await writeFile(join(folder, 'pgbouncer.ini'), `${configuration.join('\n')}\n`);
  const user = serverUser();
  const bouncer = await startProcess({
    command,
    args: [join(folder, 'pgbouncer.ini')],
    env: process.env,
    ready: /process up/,
    ...(user === null ? {} : { user }),
  });
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    output: bouncer.output,
    remove: async () => {
      await bouncer.stop('SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
