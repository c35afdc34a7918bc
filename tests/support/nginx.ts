import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from '#scripts/processes.ts';

const systemPaths = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/opt/homebrew/bin/nginx'];

/** The path of a working nginx, or null when none is installed. */
export function findNginx(): string | null {
  return systemPaths.find((path) => spawnSync(path, ['-v']).status === 0) ?? null;
}

/** An nginx for one test. */
export interface Nginx {
  /** Everything that it has logged about failures so far. */
  errors(): string;
  remove(): Promise<void>;
}

/** @param site what Debian includes from `/etc/nginx/conf.d/`: the `upstream` and `server` blocks. */
export async function startNginx(site: string): Promise<Nginx> {
  const command = findNginx();
  if (command === null) {
    throw new Error('nginx is missing: node scripts/provide-nginx.ts');
  }
  const folder = await mkdtemp(join(tmpdir(), 'call-login-nginx-'));
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  const configuration = [
    'daemon off;',
    `pid ${folder}/nginx.pid;`,
    // Where root runs the tests; another user is not asked.
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    'error_log stderr notice;',
    'events {}',
    `http { access_log off; ${paths.join(' ')}`,
    site,
    '}',
  ];
  await writeFile(join(folder, 'nginx.conf'), configuration.join('\n'));
  const server = await startProcess({
    command,
    args: ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'],
    env: process.env,
    ready: /start worker process \d/,
  });
  return {
    errors: () =>
      server
        .output()
        .split('\n')
        .filter((line) => /\[(warn|error|crit)\]/.test(line))
        .join('\n'),
    remove: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
